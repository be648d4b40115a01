// What a training step does beside following the gradient: clipping, and ids that become unknown.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "kernels/table.hpp"
#include "model/parameters.hpp"
#include "train/config.hpp"
#include "train/trainer.hpp"

namespace dcrnn::train {

namespace {

constexpr std::size_t kTableRows = 40;

const std::string kNarrow = R"("sharing": [], "tower": [])";
/// With dense parameters for more than one of the chunks the norm is summed in.
const std::string kWide = R"("sharing": [{"shared": 48, "private": 48}], "tower": [96])";

/// Every kind of field. `layers` and `train` are further keys of the model and of its training.
Config config_with(const std::string& layers, const std::string& train) {
  return parse_config(R"({"fields": [
      {"name": "word", "type": "category", "encoding": "vocab", "dim": 3},
      {"name": "words", "type": "bag", "encoding": "vocab", "dim": 2},
      {"name": "id", "type": "category", "encoding": "id", "size": 40, "dim": 2},
      {"name": "hash", "type": "category", "encoding": "hash", "size": 40, "dim": 2},
      {"name": "hashes", "type": "bag", "encoding": "hash", "size": 40, "dim": 2},
      {"name": "bucket", "type": "number", "transform": "buckets", "bins": 39, "dim": 2},
      {"name": "x", "type": "number"}],
    "tasks": [{"name": "click"}, {"name": "consume", "after": "click"}],
    "cross": {"layers": 2}, "train": {"batch": 2000, "dropout": 0,
    "optimizer": {"kind": "sgd", "rate": 1, "momentum": 0}, )" +
                          train + "}, " + layers + "}",
                      "config");
}

/// Random rows in which no id is the unknown row, 0. Bags have up to 9 items, more than two draws' worth.
Batch batch_for(const ModelConfig& config, std::size_t rows) {
  Batch batch;
  batch.rows = rows;
  std::uint64_t next = 0;
  const auto draw = [&](std::uint32_t below) { return philox(3, RandomUse::check, 1, next++)[0] % below; };
  for (const Field& field : config.fields) {
    BatchColumn& column = batch.columns.emplace_back();
    if (field.type == FieldType::bag) column.offsets.push_back(0);
    for (std::size_t b = 0; b < rows; ++b) {
      if (!field.has_table()) {
        column.values.push_back(draw(200) / 100.0 - 1);
        continue;
      }
      const std::uint32_t items = field.type == FieldType::bag ? draw(10) : 1;
      for (std::uint32_t i = 0; i < items; ++i) column.ids.push_back(1 + draw(kTableRows - 1));
      if (field.type == FieldType::bag)
        column.offsets.push_back(static_cast<std::uint32_t>(column.ids.size()));
    }
  }
  for (std::size_t t = 0; t < config.tasks.size(); ++t) {
    batch.labels.emplace_back();
    for (std::size_t b = 0; b < rows; ++b) {
      batch.labels[t].push_back(static_cast<std::int8_t>(batch.columns[0].ids[b] % 3 == 0));
    }
  }
  return batch;
}

/// A fresh model, its trainer and a batch.
struct Session {
  Session(const std::string& layers, const std::string& train, std::size_t rows, Isa isa = best_isa())
      : config(config_with(layers, train)),
        table(config.model, rows_of_tables(config.model)),
        parameters(fresh(table)),
        trainer(config, table, parameters, 0, kernels::table<float>(isa), 2),
        batch(batch_for(config.model, rows)) {}

  static std::vector<std::size_t> rows_of_tables(const ModelConfig& config) {
    std::vector<std::size_t> rows;
    for (const Field& field : config.fields) rows.push_back(field.has_table() ? kTableRows : 0);
    return rows;
  }
  static std::vector<float> fresh(const model::ParameterTable& table) {
    std::vector<float> parameters(table.total());
    model::initialize(table, 1, 0.1, parameters);
    return parameters;
  }

  Config config;
  model::ParameterTable table;
  std::vector<float> parameters;
  Trainer trainer;
  Batch batch;
};

}  // namespace

TEST_CASE("tables and dense parameters each follow their own optimizer and schedule") {
  Session session(kNarrow,
                  R"("unknown_rate": 0, "schedule": {"kind": "constant", "warmup": 0},
                     "tables": {"kind": "sgd", "rate": 0.6, "momentum": 0,
                                "schedule": {"kind": "constant", "warmup": 0.5}})",
                  40);
  const std::vector<float> before = session.parameters;
  // Half of 4 steps is warm-up, so the first has a third of the rate.
  Trainer trainer(session.config, session.table, session.parameters, 4, kernels::table<float>(best_isa()), 2);
  CHECK(trainer.step(session.batch).rate == 1.0);
  for (std::size_t i = 0; i < session.table.all().size(); ++i) {
    const model::Parameter& parameter = session.table.all()[i];
    CAPTURE(parameter.name);
    const bool in_table = parameter.offset < session.table.dense_begin();
    std::vector<float> gradient(parameter.size);
    trainer.engine().copy_gradient(i, gradient.data());
    for (std::size_t j = 0; j < parameter.size; ++j) {
      const std::size_t at = parameter.offset + j;
      const double moved = static_cast<double>(before[at]) - static_cast<double>(session.parameters[at]);
      CHECK(moved == doctest::Approx((in_table ? 0.2 : 1.0) * static_cast<double>(gradient[j]))
                         .epsilon(1e-3)
                         .scale(1e-3));
    }
  }
}

TEST_CASE("losses are those of scoring: nothing dropped, nothing moved") {
  Session session(kNarrow, R"("unknown_rate": 0.9)", 40);
  const std::vector<float> before = session.parameters;
  const std::vector<double> first = session.trainer.losses(session.batch);
  CHECK(session.trainer.losses(session.batch) == first);
  CHECK(session.parameters == before);
  Session steady(kNarrow, R"("unknown_rate": 0)", 40);
  CHECK(steady.trainer.step(steady.batch).loss == doctest::Approx(first[0] + first[1]));
}

TEST_CASE("clipping scales all gradients by the one norm of dense and embedding gradients") {
  for (Isa isa : available_isas()) {
    CAPTURE(name(isa));
    Session plain(kWide, "\"unknown_rate\": 0", 40, isa);
    const std::vector<float> before = plain.parameters;
    const double norm = plain.trainer.step(plain.batch).gradient_norm;

    std::vector<std::vector<float>> gradients;
    double square_sum = 0, of_tables = 0;
    for (std::size_t i = 0; i < plain.table.all().size(); ++i) {
      const model::Parameter& parameter = plain.table.all()[i];
      plain.trainer.engine().copy_gradient(i, gradients.emplace_back(parameter.size).data());
      for (float g : gradients.back()) {
        square_sum += static_cast<double>(g) * static_cast<double>(g);
        if (parameter.offset < plain.table.dense_begin())
          of_tables += static_cast<double>(g) * static_cast<double>(g);
      }
    }
    REQUIRE(plain.trainer.engine().dense_size() > 16384);
    REQUIRE(of_tables > 1e-4 * square_sum);  // so that a norm without them is another
    CHECK(norm == doctest::Approx(std::sqrt(square_sum)).epsilon(1e-6).scale(0));

    // torch.nn.utils.clip_grad_norm_: times the most allowed / the norm if that is below 1.
    const double most = 0.3 * norm;
    Session clipped(kWide, "\"unknown_rate\": 0, \"clip_norm\": " + std::to_string(most), 40, isa);
    const double allowed = clipped.config.train.clip_norm;
    CHECK(clipped.trainer.step(clipped.batch).gradient_norm == norm);
    double worst = 0, length = 0;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const std::size_t offset = plain.table.all()[i].offset;
      for (std::size_t j = 0; j < gradients[i].size(); ++j) {
        const double g = gradients[i][j], p = before[offset + j];
        const double moved = p - static_cast<double>(clipped.parameters[offset + j]);
        worst = std::max(worst, std::abs(moved - allowed / norm * g) / (std::abs(p) + std::abs(g)));
        length += moved * moved;
      }
    }
    CHECK(worst < 1e-6);
    CHECK(std::sqrt(length) == doctest::Approx(allowed).epsilon(1e-4).scale(0));

    Session loose(kWide, "\"unknown_rate\": 0, \"clip_norm\": " + std::to_string(1.01 * norm), 40, isa);
    loose.trainer.step(loose.batch);
    CHECK(loose.parameters == plain.parameters);
  }
}

TEST_CASE("a share of vocabulary ids becomes unknown, every item by itself, and nothing else") {
  constexpr double kRate = 0.1;
  Session session(kNarrow, "\"unknown_rate\": 0.1", 2000);
  const Batch original = session.batch;
  // By field and step: which of the ids were dropped.
  std::vector<std::vector<bool>> dropped[2];
  for (auto& of_step : dropped) {
    Batch batch = original;
    session.trainer.step(batch);
    for (std::size_t f = 0; f < batch.columns.size(); ++f) {
      const BatchColumn &now = batch.columns[f], &then = original.columns[f];
      CHECK(now.offsets == then.offsets);
      CHECK(now.values == then.values);
      REQUIRE(now.ids.size() == then.ids.size());
      std::vector<bool>& flags = of_step.emplace_back();
      for (std::size_t i = 0; i < now.ids.size(); ++i) {
        flags.push_back(now.ids[i] != then.ids[i]);
        if (flags.back()) REQUIRE(now.ids[i] == 0);
      }
    }
    CHECK(batch.labels == original.labels);
  }

  // Number of places in [0, n) where `holds`, as deviations from what a share of them would be.
  const auto deviations = [](std::size_t n, double share, const std::function<bool(std::size_t)>& holds) {
    double count = 0;
    for (std::size_t i = 0; i < n; ++i) count += holds(i) ? 1 : 0;
    const double expected = static_cast<double>(n) * share;
    return std::abs(count - expected) / std::sqrt(expected * (1 - share));
  };
  const auto &first = dropped[0], &second = dropped[1];
  for (std::size_t f = 0; f < first.size(); ++f) {
    const Field& field = session.config.model.fields[f];
    CAPTURE(field.name);
    const std::size_t n = first[f].size();
    if (!field.has_table() || field.type == FieldType::number || field.encoding != Encoding::vocab) {
      CHECK(std::count(first[f].begin(), first[f].end(), true) == 0);
      continue;
    }
    CHECK(deviations(n, kRate, [&](std::size_t i) { return first[f][i]; }) < 5);
    // Neither the neighbour nor the next step shares its fate.
    CHECK(deviations(n - 1, kRate * kRate, [&](std::size_t i) { return first[f][i] && first[f][i + 1]; }) <
          5);
    CHECK(deviations(n, kRate * kRate, [&](std::size_t i) { return first[f][i] && second[f][i]; }) < 5);
  }
  // Nor does the other field of the row: rows whose word and first of the words are dropped.
  const std::vector<std::uint32_t>& offsets = original.columns[1].offsets;
  std::vector<std::size_t> filled;
  for (std::size_t b = 0; b < original.rows; ++b) {
    if (offsets[b] < offsets[b + 1]) filled.push_back(b);
  }
  CHECK(deviations(filled.size(), kRate * kRate,
                   [&](std::size_t i) { return first[0][filled[i]] && first[1][offsets[filled[i]]]; }) < 5);
}

TEST_CASE("the unknown row learns from dropped ids, and from nothing else") {
  for (const bool drops : {true, false}) {
    Session session(kNarrow, drops ? "\"unknown_rate\": 0.1" : "\"unknown_rate\": 0", 200);
    const std::vector<float> before = session.parameters;
    session.trainer.step(session.batch);
    for (const std::size_t f : {std::size_t{0}, std::size_t{1}}) {  // word, words
      const std::size_t unknown =
          session.table.find("embedding." + session.config.model.fields[f].name + ".weight")->offset;
      CHECK((session.parameters[unknown] != before[unknown]) == drops);
    }
  }
}

TEST_CASE(
    "a gradient has the same bytes whatever is kept of the batch at a time, for any number of threads") {
  for (const Isa isa : {best_isa(), Isa::reference}) {
    const Session s(kWide, R"("seed": 5)", 700, isa);
    const model::DropoutState dropout{5, 12345, 0.1, 0.2, 0.3};
    // Losses, then every gradient.
    const auto gradients = [&](std::size_t window, int threads) {
      model::GradientEngine<float> engine(s.config.model, s.table, kernels::table<float>(isa), 1000, window);
      engine.set_parameters(s.parameters.data(), threads);
      // What an earlier batch leaves must not show.
      for (const std::size_t rows : {std::size_t{999}, s.batch.rows}) {
        engine.forward_backward(batch_for(s.config.model, rows), &dropout, threads);
      }
      std::vector<float> all;
      for (const double loss : engine.losses().tasks) all.push_back(static_cast<float>(loss));
      for (std::size_t i = 0; i < s.table.all().size(); ++i) {
        all.resize(all.size() + s.table.all()[i].size);
        engine.copy_gradient(i, all.data() + all.size() - s.table.all()[i].size);
      }
      return all;
    };
    const std::vector<float> want = gradients(1000, 1);
    CHECK(std::all_of(want.begin(), want.end(), [](float x) { return std::isfinite(x); }));
    CHECK(std::count(want.begin(), want.end(), 0.0F) < static_cast<std::ptrdiff_t>(want.size() / 2));
    for (const std::size_t window :
         {std::size_t{1}, model::kGroupRows, 2 * model::kGroupRows, std::size_t{700}}) {
      for (const int threads : {1, 3}) {
        CAPTURE(window);
        CAPTURE(threads);
        CHECK(gradients(window, threads) == want);
      }
    }
  }
}

TEST_CASE("looking at the tasks' gradients changes no byte of the parameters, however often") {
  for (const Isa isa : {best_isa(), Isa::reference}) {
    const auto trained = [&](const std::string& train) {
      Session s(kWide, train + R"("seed": 5)", 700, isa);
      for (int step = 0; step < 5; ++step) s.trainer.step(s.batch);
      return s.parameters;
    };
    const std::vector<float> want = trained("");
    for (const char* every : {"1", "2", "7"}) {
      CHECK(trained("\"interference\": " + std::string(every) + ", ") == want);
    }
  }
}

TEST_CASE("comparing on the way agrees with every task's own pass, however small the last task's part") {
  for (const char* weight : {"1", "1e-3", "0"}) {
    CAPTURE(weight);
    Session s(kWide, R"("seed": 5)", 700);
    s.config.model.tasks[1].weight = std::stod(weight);
    const model::DropoutState dropout{5, 12345, 0.1, 0.2, 0.3};
    const auto compared = [&](auto&& pass) {
      model::GradientEngine<float> engine(
          s.config.model, s.table, kernels::table<float>(best_isa()), 700, model::kGroupRows,
          {.training = true, .keep_values = true, .tasks = model::TaskGradientsOf::shared});
      engine.set_parameters(s.parameters.data(), 2);
      pass(engine);
      return engine.interference();
    };
    const model::Interference own =
        compared([&](auto& engine) { engine.forward_backward_tasks(s.batch, &dropout, 2); });
    const model::Interference rest =
        compared([&](auto& engine) { engine.forward_backward_and_compare(s.batch, &dropout, 2); });
    for (std::size_t t = 0; t < 2; ++t) CHECK(rest.norm[t] == doctest::Approx(own.norm[t]).epsilon(1e-4));
    for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(rest.cosine[i] - own.cosine[i]) < 1e-4);
    CHECK((own.norm[1] > 0) == (s.config.model.tasks[1].weight > 0));
  }
}

TEST_CASE(
    "the tasks' gradients have the same bytes for any window and threads; own parameters keep the plain "
    "one") {
  for (const Isa isa : {best_isa(), Isa::reference}) {
    const Session s(kWide + R"(, "gradients": "pcgrad")", R"("seed": 5)", 700, isa);
    const model::DropoutState dropout{5, 12345, 0.1, 0.2, 0.3};
    const auto all = [&](const model::GradientEngine<float>& engine) {
      std::vector<float> values;
      for (std::size_t i = 0; i < s.table.all().size(); ++i) {
        values.resize(values.size() + s.table.all()[i].size);
        engine.copy_gradient(i, values.data() + values.size() - s.table.all()[i].size);
      }
      return values;
    };
    const model::Build::Purpose purpose = {
        .training = true, .keep_values = true, .tasks = model::TaskGradientsOf::everything};
    model::Interference met;
    const auto combined = [&](std::size_t window, int threads) {
      model::GradientEngine<float> engine(s.config.model, s.table, kernels::table<float>(isa), 1000, window,
                                          purpose);
      engine.set_parameters(s.parameters.data(), threads);
      for (const std::size_t rows : {std::size_t{999}, s.batch.rows}) {
        engine.forward_backward_tasks(batch_for(s.config.model, rows), &dropout, threads);
      }
      engine.combine_tasks(0, threads);
      met = engine.interference();
      return all(engine);
    };
    const std::vector<float> want = combined(1000, 1);
    const model::Interference first = met;
    for (const std::size_t window : {std::size_t{1}, 2 * model::kGroupRows, std::size_t{700}}) {
      for (const int threads : {1, 3}) {
        CAPTURE(window);
        CAPTURE(threads);
        CHECK(combined(window, threads) == want);
        CHECK(met.norm == first.norm);
        CHECK(met.cosine == first.cosine);
      }
    }
    // What a task owns keeps the plain gradient, what all share does not: the tasks oppose each other here.
    REQUIRE(first.cosine[1] < 0);
    model::GradientEngine<float> engine(s.config.model, s.table, kernels::table<float>(isa), 1000);
    engine.set_parameters(s.parameters.data(), 1);
    engine.forward_backward(s.batch, &dropout, 1);
    const std::vector<float> plain = all(engine);
    std::size_t at = 0;
    for (const model::Parameter& parameter : s.table.all()) {
      CAPTURE(parameter.name);
      float largest = 0, worst = 0;
      for (const std::size_t end = at + parameter.size; at < end; ++at) {
        largest = std::max(largest, std::abs(plain[at]));
        worst = std::max(worst, std::abs(plain[at] - want[at]));
      }
      CHECK((worst <= 2e-5F * largest) == (parameter.owner != model::kEveryTask));
    }
  }
}

TEST_CASE("log variances know no weight decay") {
  Session s(kNarrow + R"(, "weighting": "uncertainty")", R"("unknown_rate": 0)", 40);
  const auto decayed = [&](double decay) {
    Config config = s.config;
    config.train.optimizer.weight_decay = decay;
    std::vector<float> parameters = Session::fresh(s.table);
    const std::size_t own = s.table.find("weighting.log_variance")->offset;
    parameters[own] = 0.5F;
    Batch batch = s.batch;
    Trainer trainer(config, s.table, parameters, 0, kernels::table<float>(best_isa()), 1);
    trainer.step(batch);
    return std::pair{parameters[own], parameters[s.table.dense_begin()]};
  };
  const auto [with, weight_with] = decayed(0.1);
  const auto [without, weight_without] = decayed(0);
  CHECK(with == without);
  CHECK(with != 0.5F);
  CHECK(weight_with != weight_without);
}

TEST_CASE("gradients depend on nothing that was in the arena before, in the rows or between them") {
  const model::DropoutState dropout{5, 12345, 0.1, 0.2, 0.3};
  for (const Isa isa : available_isas()) {
    for (const char* layers :
         {R"("sharing": [{"shared": 48, "private": 48}], "tower": [])",
          R"("sharing": [{"shared": 5, "private": 6, "gate": "static"}], "tower": [9, 3])",
          R"("sharing": [{"shared": 0, "private": 7}], "tower": [16])"}) {
      for (const char* candidate : {"cross", "tanh"}) {
        const Session s(layers, R"("seed": 5)", 300, isa);
        ModelConfig config = s.config.model;
        std::get<model::GruCross::Config>(config.cross).candidate =
            candidate[0] == 'c' ? model::Candidate::cross : model::Candidate::tanh;
        const model::ParameterTable table(config, Session::rows_of_tables(config));
        const std::vector<float> parameters = Session::fresh(table);
        model::GradientEngine<float> engine(config, table, kernels::table<float>(isa), s.batch.rows);
        engine.set_parameters(parameters.data(), 1);
        const auto gradients = [&] {
          engine.forward_backward(s.batch, &dropout, 1);
          return std::vector<float>(engine.dense_gradients(), engine.dense_gradients() + engine.dense_size());
        };
        const std::vector<float> want = gradients();
        CHECK(std::all_of(want.begin(), want.end(), [](float x) { return std::isfinite(x); }));
        const auto& slots = engine.network().plan().arena.slots();
        for (model::Slot slot = 0; slot < slots.size(); ++slot) {
          std::fill_n(const_cast<float*>(engine.arena().at(slot)),
                      slots[slot].layers * s.batch.rows * slots[slot].ld,
                      std::numeric_limits<float>::quiet_NaN());
        }
        CAPTURE(std::string(name(isa)));
        CAPTURE(layers);
        CAPTURE(candidate);
        CHECK(gradients() == want);
      }
    }
  }
}

}  // namespace dcrnn::train
