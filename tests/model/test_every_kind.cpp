// What is true of every registered kind of layer, alone and together with others: a kind is here by its line
// in model/kinds.hpp and its examples.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "model/gradcheck.hpp"
#include "model/page_of.hpp"
#include "model/trace.hpp"
#include "tests/model/examples.hpp"
#include "tests/model/watched.hpp"

namespace dcrnn::test {

namespace {

using model::GradientEngine;
using model::NamedTensor;

/// A text with every "a.{b,c}" written out as "a.b a.c" behind it.
std::string spelled_out(const std::string& path) {
  std::ifstream file(std::string(DCRNN_SOURCE_DIR) + "/" + path);
  REQUIRE_MESSAGE(file.good(), path);
  std::stringstream text;
  text << file.rdbuf();
  std::string all = text.str();
  const std::string once = all;
  const std::regex braces(R"(([A-Za-z0-9_.<>-]*)\{([^{}\n]*)\})"), word("[A-Za-z_.]+");
  for (std::sregex_iterator at(once.begin(), once.end(), braces), end; at != end; ++at) {
    const std::string list = (*at)[2];
    for (std::sregex_iterator item(list.begin(), list.end(), word); item != end; ++item) {
      all += " `" + (*at)[1].str() + item->str() + "`";
    }
  }
  return all;
}

/// The names of parameters and traced values that begin with `role`, as a page writes them: "<l>" for the
/// layer of a cross, "<k>" for a block's, "<task>" for a task.
std::set<std::string> patterns(const Subject& subject, const std::string& role) {
  model::Network network(subject.config.model, subject.table, {.training = true});
  std::set<std::string> names;
  for (const model::Parameter& parameter : subject.table.all()) names.insert(parameter.name);
  const std::vector<double> parameters = subject.wide();
  for (const NamedTensor<double>& tensor :
       model::trace(subject.config.model, subject.table, parameters.data(),
                    kernels::table<double>(Isa::reference), rows_for(subject, 3), 1)) {
    if (!tensor.name.starts_with("grad.")) names.insert(tensor.name);
  }
  std::set<std::string> all;
  for (const std::string& name : names) {
    if (!name.starts_with(role + ".")) continue;
    std::string pattern =
        std::regex_replace(name, std::regex(R"(\.[0-9]+(?=\.))"), role == "cross" ? ".<l>" : ".<k>");
    for (const Task& task : subject.config.model.tasks) {
      pattern = std::regex_replace(pattern, std::regex(R"(\.)" + task.name + R"((?=\.|$))"), ".<task>");
    }
    all.insert(pattern);
  }
  return all;
}

/// Whether a page has the pattern; with `<l>.` left out it counts too: that is a tied parameter's.
bool on_page(const std::string& page, const std::string& pattern) {
  const auto has = [&](const std::string& text) {
    return std::regex_search(
        page, std::regex("`" + std::regex_replace(text, std::regex(R"([.])"), R"(\.)") + "[` ]"));
  };
  return has(pattern) || has(std::regex_replace(pattern, std::regex("<l>[.]"), ""));
}

template <class Kind>
void check_page(const Choice& choice, const std::string& role) {
  const std::set<std::string> names = patterns(Subject(choice), role);
  if (names.empty()) return;
  const std::string page = spelled_out(model::page_of<Kind>());
  for (const std::string& name : names)
    CHECK_MESSAGE(on_page(page, name), model::page_of<Kind>(), ": ", name);
}

/// Losses and all gradients of a batch, one behind the other.
template <class Real>
std::vector<Real> all_gradients(GradientEngine<Real>& engine, const model::ParameterTable& table) {
  std::vector<Real> all;
  for (const double loss : engine.losses().tasks) all.push_back(static_cast<Real>(loss));
  for (std::size_t i = 0; i < table.all().size(); ++i) {
    all.resize(all.size() + table.all()[i].size);
    engine.copy_gradient(i, all.data() + all.size() - table.all()[i].size);
  }
  return all;
}

}  // namespace

TEST_CASE("every kind: gradients agree with central differences") {
  std::size_t checked = 0, left_out = 0;
  for (const Choice& choice : every_choice()) {
    for (const char* dropout :
         {"\"dropout\": 0", R"("dropout": {"input": 0.1, "sharing": 0.3, "tower": 0.3, "field": 0.2})"}) {
      const Config config = parse_config(choice.json(dropout), "config");
      CAPTURE(choice.json(dropout));
      for (const model::GradcheckTensor& tensor :
           model::gradcheck(config.model, config.train.dropout, kernels::table<double>(Isa::reference),
                            {.seed = 5, .rows = 6, .elements = 8})) {
        CAPTURE(tensor.name);
        CAPTURE(tensor.analytic);
        CAPTURE(tensor.numeric);
        CHECK(tensor.finite);
        CHECK(tensor.worst_error <= model::kGradcheckTolerance);
        checked += tensor.checked;
        left_out += tensor.kinked + tensor.rounded;
      }
    }
  }
  CHECK(left_out * 50 < checked);
}

TEST_CASE("every kind: every instruction set gives the values and gradients of double") {
  constexpr std::size_t kRows = 40;
  constexpr double kTolerance = 2e-5;  // of the largest value, as for the golden cases
  // A tensor of sums whose terms, of order 1, nearly cancel has no more digits than one of the terms.
  constexpr double kRounding = std::numeric_limits<float>::epsilon();
  for (const Choice& choice : every_choice()) {
    const Subject subject(choice);
    const Batch batch = rows_for(subject, kRows);
    const std::vector<double> wide = subject.wide();
    const auto want =
        model::trace(subject.config.model, subject.table, wide.data(), kernels::table<double>(Isa::reference),
                     batch, 1, {.every_gradient = true});
    for (const Isa isa : available_isas()) {
      const auto got = model::trace(subject.config.model, subject.table, subject.parameters.data(),
                                    kernels::table<float>(isa), batch, 1, {.every_gradient = true});
      REQUIRE(got.size() == want.size());
      for (std::size_t i = 0; i < want.size(); ++i) {
        REQUIRE(got[i].name == want[i].name);
        double largest = 0, worst = 0;
        for (std::size_t j = 0; j < want[i].values.size(); ++j) {
          largest = std::max(largest, std::abs(want[i].values[j]));
          worst = std::max(worst, std::abs(static_cast<double>(got[i].values[j]) - want[i].values[j]));
        }
        CHECK_MESSAGE(worst <= kTolerance * largest + kRounding, subject.json, " ", name(isa), " ",
                      want[i].name, ": ", worst, " of ", largest);
      }
    }
  }
}

TEST_CASE("every kind: the same bytes for any threads and windows, whatever is kept") {
  constexpr std::size_t kRows = 600;
  const model::DropoutState dropout{5, 12345, 0.1, 0.2, 0.3, 0.15};
  for (const Choice& choice : every_choice()) {
    const Subject subject(choice);
    CAPTURE(subject.json);
    const Batch batch = rows_for(subject, kRows);
    const auto run = [&](std::size_t window, int threads, bool keep) {
      GradientEngine<float> engine(subject.config.model, subject.table, kernels::table<float>(best_isa()),
                                   kRows, window,
                                   {.training = true, .keep_values = keep, .keep_gradients = keep});
      engine.set_parameters(subject.parameters.data(), threads);
      engine.forward_backward(batch, &dropout, threads);
      return all_gradients(engine, subject.table);
    };
    const std::vector<float> want = run(kRows, 1, false);
    CHECK(std::all_of(want.begin(), want.end(), [](float x) { return std::isfinite(x); }));
    CHECK(run(kRows, 3, false) == want);
    CHECK(run(model::kGroupRows, 1, false) == want);
    CHECK(run(model::kGroupRows, 3, false) == want);
    CHECK(run(kRows, 1, true) == want);
  }
}

TEST_CASE("every kind: names are unique") {
  for (const Choice& choice : every_choice()) {
    const Subject subject(choice);
    CAPTURE(subject.json);
    std::set<std::string> names;
    const auto tensors = model::trace(subject.config.model, subject.table, subject.wide().data(),
                                      kernels::table<double>(Isa::reference), rows_for(subject, 3), 1,
                                      {.every_gradient = true});
    for (const NamedTensor<double>& tensor : tensors) {
      CHECK_MESSAGE(names.insert(tensor.name).second, tensor.name);
    }
    for (const model::Parameter& parameter : subject.table.all()) {
      CHECK_MESSAGE(names.insert(parameter.name).second, parameter.name);
    }
  }
}

TEST_CASE("every kind: its parameters and traced values are on its page") {
  model::Crosses::each([]<class Kind>() {
    for (const std::string_view example : Kind::kExamples) {
      check_page<Kind>({std::string(example), ""}, "cross");
    }
  });
  // Two of a kind, so that the first has all that it hands to the second.
  model::Sharings::each([]<class Kind>() {
    for (const std::string_view example : Kind::kExamples) {
      check_page<Kind>({kPlainCross, std::string(example) + ", " + std::string(example)}, "sharing");
    }
  });
  model::Transfers::each([]<class Kind>() {
    check_page<Kind>({kPlainCross, "", std::string(Kind::kWord)}, "transfer");
  });
}

TEST_CASE("every kind: flops are those of the products and weighted sums of a forward pass") {
  constexpr std::size_t kRows = 3;
  for (const Choice& choice : every_choice()) {
    const Subject subject(choice);
    CAPTURE(subject.json);
    watch = {};
    GradientEngine<double> engine(subject.config.model, subject.table, watched_table(), kRows);
    const std::vector<double> parameters = subject.wide();
    engine.set_parameters(parameters.data(), 1);
    watch.flops = 0;
    engine.forward(rows_for(subject, kRows), nullptr, 1);
    CHECK(engine.network().plan().flops == watch.flops / kRows);
  }
}

}  // namespace dcrnn::test
