// The functions over files other than training: eval, predict, trace, gradcheck, inspect, synth.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>

#include "core/file.hpp"
#include "files/safetensors.hpp"
#include "tests/failure_of.hpp"
#include "tests/scratch.hpp"
#include "tests/small_model.hpp"

using namespace dcrnn;
using namespace dcrnn::test;

namespace {

/// A model whose head is the only thing that counts: logit = bias.
Model constant_model(float click, float consume) {
  auto model = Model::create(small_config());
  REQUIRE(model.ok());
  for (const ParameterView& p : model->parameters()) {
    const std::vector<float> zeros(p.values.size());
    REQUIRE(model->set_parameter(p.name, zeros).ok());
  }
  REQUIRE(model->set_parameter("head.click.bias", {&click, 1}).ok());
  REQUIRE(model->set_parameter("head.consume.bias", {&consume, 1}).ok());
  return std::move(*model);
}

constexpr const char* kHeader = "user,item,tags,x,click,consume,true_click,true_consume\n";

}  // namespace

TEST_CASE("evaluate by hand") {
  const ScratchDirectory scratch;
  const Model model = constant_model(0, 0);  // p = 1/2 and 1/4 everywhere
  write_text(scratch.file("d.csv"), std::string(kHeader) +
                                        "1,a,,0.5,1,1,0.9,0.5\n"
                                        "2,b,1|2,0,0,0,0.1,0.2\n"
                                        "3,c,3,-1,1,,0.2,0.1\n"
                                        "4,d,,0,0,0,0.3,0.3\n");
  const auto report = evaluate(model, scratch.file("d.csv"), 3);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  CHECK(report->rows == 4);
  REQUIRE(report->tasks.size() == 2);
  const TaskReport& click = report->tasks[0];
  const TaskReport& consume = report->tasks[1];
  CHECK(click.task == "click");
  CHECK(click.rows == 4);
  CHECK(click.positives == 2);
  CHECK(*click.auc == 0.5);
  CHECK(*click.logloss == doctest::Approx(std::log(2.0)));
  CHECK(*click.mean_prediction == doctest::Approx(0.5));
  CHECK(*click.truth_auc == doctest::Approx(0.75));  // 0.9 > both, 0.2 > 0.1 only
  CHECK(consume.rows == 3);
  CHECK(consume.positives == 1);
  CHECK(*consume.logloss == doctest::Approx((std::log(4.0) + 2 * std::log(4.0 / 3)) / 3));
  CHECK(*consume.truth_auc == 1);
  CHECK_FALSE(consume.auc_given_parent.has_value());  // one clicked row only is labelled
  CHECK(contains(evaluate(model, scratch.file("d.csv"), 0).error().message, "batch"));
}

TEST_CASE("evaluate needs labelled rows") {
  const ScratchDirectory scratch;
  const Model model = constant_model(0, 0);
  write_text(scratch.file("header.csv"), kHeader);
  const auto empty = evaluate(model, scratch.file("header.csv"));
  CHECK(empty.error().code == ErrorCode::data);
  CHECK(contains(empty.error().message, "header.csv"));
  write_text(scratch.file("unlabelled.csv"), SmallTable(3).csv(false));
  const auto unlabelled = evaluate(model, scratch.file("unlabelled.csv"));
  CHECK(unlabelled.error().code == ErrorCode::data);
  CHECK(contains(unlabelled.error().message, "\"click\""));
  CHECK(evaluate(model, scratch.file("absent.csv")).error().code == ErrorCode::io);
}

TEST_CASE("predict: header only, bad rows, devices") {
  const ScratchDirectory scratch;
  const Model model = constant_model(0, 0);
  write_text(scratch.file("header.csv"), kHeader);
  const auto empty = predict_file(model, scratch.file("header.csv"), scratch.file("p.csv"));
  REQUIRE(empty.ok());
  CHECK(empty->rows == 0);
  CHECK(read_text(scratch.file("p.csv")) == "p_click,p_consume\n");

  write_text(scratch.file("rows.csv"), SmallTable(3).csv(false));
  REQUIRE(predict_file(model, scratch.file("rows.csv"), scratch.file("p.csv")).ok());
  CHECK(read_text(scratch.file("p.csv")) == "p_click,p_consume\n0.5,0.25\n0.5,0.25\n0.5,0.25\n");

  // A bad row late in the file leaves the earlier predictions as they were.
  write_text(scratch.file("bad.csv"), SmallTable(3).csv(false) + "99,i,,0\n");
  const auto bad = predict_file(model, scratch.file("bad.csv"), scratch.file("p.csv"), 1);
  CHECK(bad.error().code == ErrorCode::data);
  CHECK(contains(bad.error().message, "bad.csv:5: column \"user\""));
  CHECK(read_text(scratch.file("p.csv")) == "p_click,p_consume\n0.5,0.25\n0.5,0.25\n0.5,0.25\n");
  CHECK(predict_file(model, scratch.file("rows.csv"), "/dev/null").ok());
  CHECK(predict_file(model, scratch.file("rows.csv"), "/dev/full").error().code == ErrorCode::io);
  CHECK(predict_file(model, scratch.file("rows.csv"), scratch.file("no/p.csv")).error().code ==
        ErrorCode::io);
}

TEST_CASE("predict stops when asked, without a half file") {
  const ScratchDirectory scratch;
  const Model model = constant_model(0, 0);
  write_text(scratch.file("rows.csv"), SmallTable(50).csv(false));
  const auto report = predict_file(model, scratch.file("rows.csv"), scratch.file("p.csv"), 8, {},
                                   [](const JobProgress& p) { return p.done < 16; });
  CHECK(report.error().code == ErrorCode::stopped);
  CHECK(scratch.entries() == 1);
}

TEST_CASE("a closed pipe ends a prediction quietly") {
  const ScratchDirectory scratch;
  const Model model = constant_model(0, 0);
  write_text(scratch.file("rows.csv"), SmallTable(20000).csv(false));
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const auto report =
      predict_file(model, scratch.file("rows.csv"), "/proc/self/fd/" + std::to_string(ends[1]), 100);
  std::signal(SIGPIPE, before);
  ::close(ends[1]);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  CHECK(report->closed_pipe);
}

TEST_CASE("extreme inputs are an error, not a number") {
  const ScratchDirectory scratch;
  auto model = Model::create(small_config());
  write_text(scratch.file("rows.csv"), "user,item,tags,x\n1,a,,0\n1,a,,1e300\n");
  const auto report = predict_file(*model, scratch.file("rows.csv"), scratch.file("p.csv"));
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().code == ErrorCode::data);
}

TEST_CASE("a trace without labels is forward only") {
  const ScratchDirectory scratch;
  const Model model = constant_model(0, 1);
  const std::string out = scratch.file("t");
  write_text(scratch.file("labelled.csv"), SmallTable(5).csv());
  write_text(scratch.file("unlabelled.csv"), SmallTable(5).csv(false));
  write_text(scratch.file("header.csv"), kHeader);
  REQUIRE(trace_file(model, scratch.file("labelled.csv"), out, Precision::f64).ok());
  CHECK(files::TensorFile(out).find("grad.x0") != nullptr);
  CHECK(files::TensorFile(out).find("grad.logit") == nullptr);
  REQUIRE(trace_file(model, scratch.file("labelled.csv"), out, TraceOptions{Precision::f64, true}).ok());
  CHECK(files::TensorFile(out).find("grad.logit") != nullptr);
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    REQUIRE(trace_file(model, scratch.file("unlabelled.csv"), out, TraceOptions{precision, true}).ok());
    const files::TensorFile trace(out);
    CHECK(trace.tensors()[0].name == "x0");
    CHECK(trace.find("probability") != nullptr);
    for (const TensorView& tensor : trace.tensors()) {
      CHECK_FALSE(tensor.name.starts_with("grad."));
      CHECK_FALSE(tensor.name.starts_with("loss"));
    }
  }
  CHECK(trace_file(model, scratch.file("header.csv"), out, Precision::f32).error().code == ErrorCode::data);
}

TEST_CASE("gradcheck passes, and reports every tensor") {
  const auto report = gradcheck(small_config(), "config", 3, 6, 4);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  CHECK(report->ok);
  const auto model = Model::create(small_config());
  CHECK(report->tensors.size() == model->parameters().size() + 1);
  CHECK(report->tensors.back().tensor == "x0");
  for (const GradcheckLine& line : report->tensors) {
    CAPTURE(line.tensor);
    CHECK(line.ok);
    CHECK(line.checked + line.kinked > 0);
    CHECK(line.worst_at.starts_with("["));
    CHECK(line.worst_at.ends_with("]"));
  }
  CHECK(gradcheck(small_config(), "config", 1, 0).error().code == ErrorCode::usage);
  CHECK(gradcheck("{}", "my.json").error().message.starts_with("my.json"));
}

TEST_CASE("inspect counts by hand") {
  const auto model = Model::create(R"({
    "fields": [{"name": "u", "type": "category", "encoding": "id", "size": 10, "dim": 3},
               {"name": "x", "type": "number", "transform": "none"}],
    "tasks": [{"name": "a"}, {"name": "b", "after": "a"}],
    "cross": {"layers": 2}, "sharing": [{"shared": 5, "private": 2}], "tower": [6]})");
  REQUIRE_MESSAGE(model.ok(), model.error().message);
  const auto info = inspect(*model);
  REQUIRE(info.ok());
  // D = 4: table 30; W 8x4, U 12x4, b 8, d 12; S 5x4+5, twice G 5x4+5 and P 2x4+2; towers 6x7+6; transfer
  // W 18x6, U 18x6, 18, 18; heads 6+1.
  const std::size_t count = 30 + (32 + 48 + 20) + 25 + 2 * (25 + 10) + 2 * 48 + 252 + 2 * 7;
  CHECK(info->parameter_count == count);
  CHECK(info->parameter_bytes == 4 * count);
  // D^2 (4 + 6 L); 2 in out for every product.
  const double flops = 16 * (4 + 12) + 2 * 20 + 2 * (2 * 20 + 2 * 8) + 2 * 2 * 42 + 2 * 2 * 108 + 2 * 12;
  CHECK(info->forward_flops_per_row == flops);
  CHECK(info->training_flops_per_row == 3 * flops);
  CHECK(info->parameters[0].name == "embedding.u.weight");
  CHECK(info->parameters[0].shape == std::vector<std::size_t>{10, 3});
  CHECK(info->encoders.empty());
  CHECK(nlohmann::json::parse(info->config_json)["format"] == 1);
}

TEST_CASE("training on the synthetic log comes near the truth") {
  const ScratchDirectory scratch;
  SynthJob synthetic;
  synthetic.directory = scratch.file("log");
  synthetic.rows = 16000;
  const auto written = synth(synthetic);
  REQUIRE_MESSAGE(written.ok(), written.error().message);
  FitJob job;
  job.config_json = read_text(scratch.file("log/config.json"));
  for (const char* value : {"train.epochs=2", "train.batch=128", "train.optimizer.rate=0.01"})
    job.config_json = *set_config_value(job.config_json, value);
  job.train = {scratch.file("log/train.csv")};
  job.valid = {scratch.file("log/valid.csv")};
  job.model = scratch.file("m");
  const auto report = fit(job);
  REQUIRE_MESSAGE(report.ok(), report.error().message);
  const auto figures = evaluate(*Model::load(job.model), scratch.file("log/test.csv"));
  REQUIRE_MESSAGE(figures.ok(), figures.error().message);
  CHECK(figures->rows == 2000);
  REQUIRE(figures->tasks.size() == 2);
  for (const TaskReport& task : figures->tasks) {
    CAPTURE(task.task);
    const double truth = task.truth_auc.value_or(0), learned = task.auc.value_or(0);
    CHECK(truth > 0.75);
    // Measured: 0.025 to 0.04 below. What single features say is 0.07 to 0.09 below.
    CHECK(learned > truth - 0.06);
    CHECK(learned < truth + 0.02);
  }
  synthetic.correlation = 2;
  CHECK(synth(synthetic).error().code == ErrorCode::usage);
}

TEST_CASE("facts") {
  CHECK(std::string(version()).find('.') != std::string::npos);
  CHECK_FALSE(std::string(commit()).empty());
  CHECK(instruction_sets().front() == "reference");
  CHECK(available_threads() >= 1);
  CHECK(contains(config_reference(), "train.epochs"));
  CHECK(set_config_value("{}", "train").error().code == ErrorCode::usage);
}
