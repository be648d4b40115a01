// What the C functions have in common: the handles, and Errors as statuses.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/c_rows.hpp"
#include "core/guard.hpp"
#include "core/size.hpp"
#include "dcrnn/dcrnn.h"
#include "dcrnn/model.hpp"

struct dcrnn_model {
  dcrnn::Model model;
  std::vector<std::string> tasks;
};

struct dcrnn_scorer {
  dcrnn::Scorer scorer;
  std::size_t tasks;
  dcrnn::api::RowsView view;
};

struct dcrnn_trainer {
  dcrnn::Trainer trainer;
  dcrnn::api::RowsView view;
};

struct dcrnn_bytes {
  std::string content;
};

namespace dcrnn::api {

/// Zero-terminated, truncated to fit.
void tell(const Error& from, dcrnn_error* error);

/// Runs f and hands its Error over.
template <class F>
dcrnn_status run(dcrnn_error* error, F&& f) noexcept {
  const Result<void> result = guard(std::forward<F>(f));
  tell(result.error(), error);
  return result ? DCRNN_OK : static_cast<dcrnn_status>(result.error().code);
}

inline ComputeOptions options_of(int threads, const char* isa) {
  return {threads, isa == nullptr ? "auto" : isa};
}

/// Where a function puts what it makes: NULL until then.
template <class T>
void clear(T** out, const char* name) {
  need(out, name);
  *out = nullptr;
}

dcrnn_model* new_model(Model model);

}  // namespace dcrnn::api
