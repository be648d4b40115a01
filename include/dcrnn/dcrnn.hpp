// The whole C++ API.
#pragma once

#include "dcrnn/arrays.hpp"
#include "dcrnn/check.hpp"
#include "dcrnn/files.hpp"
#include "dcrnn/follow.hpp"
#include "dcrnn/model.hpp"
#include "dcrnn/result.hpp"
#include "dcrnn/rows.hpp"
#include "dcrnn/scores.hpp"
