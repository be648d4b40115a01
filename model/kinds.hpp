// The kinds of layers, listed by role. A kind registers by its line here; docs/adding-a-layer.md tells what
// it must have.
#pragma once

#include "config/kinds.hpp"
#include "model/layers/ait.hpp"
#include "model/layers/cross_stitch.hpp"
#include "model/layers/dcn.hpp"
#include "model/layers/dcn_v2.hpp"
#include "model/layers/gated_dcn.hpp"
#include "model/layers/gru_cross.hpp"
#include "model/layers/gru_transfer.hpp"
#include "model/layers/mmoe.hpp"
#include "model/layers/no_cross.hpp"
#include "model/layers/no_transfer.hpp"
#include "model/layers/partial.hpp"
#include "model/layers/ple.hpp"

namespace dcrnn::model {

// A cross or a sharing block names kExamples, objects as they stand in a config, which bring it through the
// tests of every kind; a kind whose page is not docs/<word>.md names it as kPage.

/// x0 to h^L: "cross.kind".
using Crosses = KindList<GruCross,  //
                         NoCross,   //
                         Dcn,       //
                         DcnV2,     //
                         GatedDcn>;

/// The streams to the next ones: "sharing[].kind".
using Sharings = KindList<Partial,  //
                          Mmoe,     //
                          Ple,      //
                          CrossStitch>;

/// y_t and its parent's to y_t: "transfer".
using Transfers = KindList<GruTransfer,  //
                           Ait,          //
                           NoTransfer>;

}  // namespace dcrnn::model
