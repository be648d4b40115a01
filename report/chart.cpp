#include "report/chart.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace dcrnn::report {
namespace {

// In the units of the drawing; a phone shows it at about that size.
constexpr double kWidth = 400, kPlotHeight = 190, kTop = 24, kLeft = 52, kRight = 16;
constexpr double kLine = 15;  // height of a line of text
constexpr double kLetter = 7;
constexpr double kRadius = 2.6, kRadiusAlone = 3.4;  // of a point of a series; of one in a row of its own
constexpr std::size_t kStyles = 8;  // colours; the series behind them are dashed, their points filled

std::string fixed(double value, int digits) {
  char text[400];  // a double has at most 309 digits before the point
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits).ptr};
}

/// Short text of a number at a precision that tells neighbours `step` apart from each other.
std::string number(double value, double step) {
  const int digits =
      step > 0 && step < 1 ? std::min(6, static_cast<int>(std::ceil(-std::log10(step) - 1e-9))) : 0;
  if (std::abs(value) >= 1e6 || (step > 0 && step < 1e-6)) {
    char text[64];
    return std::string(text,
                       std::to_chars(text, text + sizeof text, value, std::chars_format::general, 3).ptr);
  }
  return fixed(value, digits);
}

/// A coordinate.
std::string at(double value) {
  return fixed(value, 1);
}

std::string text_at(double x, double y, std::string_view text, std::string_view anchor,
                    std::string_view kind = "") {
  return "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" text-anchor=\"" + std::string(anchor) + "\"" +
         (kind.empty() ? "" : " class=\"" + std::string(kind) + "\"") + ">" + escaped(text) + "</text>";
}

std::string line_at(double x1, double y1, double x2, double y2, const std::string& kind) {
  return "<line x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) + "\" y2=\"" + at(y2) +
         "\" class=\"" + kind + "\"/>";
}

/// A range of numbers on a stretch of the drawing.
class Scale {
 public:
  /// Ends at ticks, or exactly at `least` and `most`.
  Scale(double least, double most, double from, double to, bool whole = false, bool exact = false)
      : from_(from), to_(to) {
    const double wide = most > least ? most - least : least == 0 ? 1 : std::abs(least) * 0.1;
    if (!(most > least)) least -= wide / 2;
    const double rough = wide / 4;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double parts = rough / power;
    step_ = power * (parts <= 1 ? 1 : parts <= 2 ? 2 : parts <= 5 ? 5 : 10);
    if (whole) step_ = std::max(1.0, step_);
    if (exact) {
      least_ = least;
      most_ = least + wide;
      return;
    }
    least_ = std::floor(least / step_ + 1e-9) * step_;
    most_ = std::max(least_ + step_, std::ceil((least + wide) / step_ - 1e-9) * step_);
  }
  double operator()(double value) const {
    return from_ + (value - least_) / (most_ - least_) * (to_ - from_);
  }
  double least() const { return least_; }
  double most() const { return most_; }
  double step() const { return step_; }
  std::vector<double> ticks() const {
    std::vector<double> ticks;
    const double first = std::ceil(least_ / step_ - 1e-9), last = std::floor(most_ / step_ + 1e-9);
    for (double i = first; i <= last; ++i) {
      const double tick = i * step_;
      ticks.push_back(std::abs(tick) < step_ * 1e-9 ? 0 : tick);
    }
    return ticks;
  }

 private:
  double from_, to_, least_, most_, step_;
};

struct Range {
  double least = INFINITY, most = -INFINITY;
  void add(double value) {
    least = std::min(least, value);
    most = std::max(most, value);
  }
  /// The ends that are given.
  void add(const Axis& axis) {
    if (axis.least) add(*axis.least);
    if (axis.most) add(*axis.most);
  }
};

Scale scale_of(const Axis& axis, const Range& range, double from, double to) {
  return {range.least, range.most, from, to, axis.whole, axis.least && axis.most};
}

bool is_drawn(const Point& point) {
  return std::isfinite(point.x) && std::isfinite(point.y) && std::isfinite(point.spread);
}

std::string series_style(std::size_t i) {
  return "s" + std::to_string(i % kStyles) + (i >= kStyles ? " dashed" : "");
}

std::string title_of(const std::string& title) {
  return text_at(kWidth / 2, 14, title, "middle", "title");
}

std::string open(double height, const std::string& title) {
  return "<svg viewBox=\"0 0 " + at(kWidth) + " " + at(height) + "\" role=\"img\" aria-label=\"" +
         escaped(title) + "\">";
}

/// As much of a name as stands before a plot.
constexpr std::size_t kNameLetters = 22;
std::string shortened(const std::string& name) {
  return name.size() <= kNameLetters ? name : name.substr(0, kNameLetters - 2) + "..";
}

/// Room for the names of rows.
template <class Names, class NameOf>
double width_of(const Names& names, NameOf&& name_of) {
  std::size_t longest = 0;
  for (const auto& name : names) longest = std::max(longest, std::min(name_of(name).size(), kNameLetters));
  return 12 + kLetter * static_cast<double>(longest);
}

/// What a pointer that rests on a shape is told.
std::string told(const std::string& name, const std::string& value) {
  return "<title>" + escaped(name) + ": " + value + "</title>";
}

std::string circle_at(double x, double y, double radius, const std::string& kind, const std::string& title) {
  return "<circle cx=\"" + at(x) + "\" cy=\"" + at(y) + "\" r=\"" + at(radius) + "\" class=\"" + kind +
         "\">" + title + "</circle>";
}

/// Names of the series below the plot, as many a line as fit.
std::string legend(const LineChart& chart, double& y) {
  const std::vector<Series>& series = chart.series;
  std::string made;
  if (series.size() < 2) return made;
  double x = kLeft;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const double wide = 24 + kLetter * static_cast<double>(series[i].name.size()) + 10;
    if (x > kLeft && x + wide > kWidth) {
      x = kLeft;
      y += kLine;
    }
    made += chart.joined ? line_at(x, y - 4, x + 18, y - 4, series_style(i))
                         : circle_at(x + 9, y - 4, kRadius, series_style(i), "");
    made += text_at(x + 22, y, series[i].name, "start");
    x += wide;
  }
  y += kLine;
  return made;
}

/// What a line chart holds, its height set to what it takes.
std::string body(const LineChart& chart, double& height) {
  Range x, y;
  for (const Series& series : chart.series) {
    for (const Point& point : series.points) {
      if (!is_drawn(point)) continue;
      x.add(point.x);
      y.add(point.y - point.spread);
      y.add(point.y + point.spread);
    }
  }
  x.add(chart.x);
  y.add(chart.y);
  if (!std::isfinite(x.least) || !std::isfinite(y.least)) {
    height = kTop + 2 * kLine;
    return title_of(chart.title) + text_at(kWidth / 2, kTop + kLine, "nothing to show", "middle");
  }
  const double bottom = kTop + kPlotHeight;
  const Scale to_x = scale_of(chart.x, x, kLeft, kWidth - kRight), to_y = scale_of(chart.y, y, bottom, kTop);
  std::string made = title_of(chart.title);
  for (const double tick : to_y.ticks()) {
    made += line_at(kLeft, to_y(tick), kWidth - kRight, to_y(tick), "grid") +
            text_at(kLeft - 5, to_y(tick) + 4, number(tick, to_y.step()), "end");
  }
  for (const double tick : to_x.ticks()) {
    made += line_at(to_x(tick), bottom, to_x(tick), bottom + 4, "axis") +
            text_at(to_x(tick), bottom + 16, number(tick, to_x.step()), "middle");
  }
  made += line_at(kLeft, bottom, kWidth - kRight, bottom, "axis");
  if (chart.diagonal) {
    const double low = std::max(to_x.least(), to_y.least()), high = std::min(to_x.most(), to_y.most());
    made += line_at(to_x(low), to_y(low), to_x(high), to_y(high), "grid");
  }
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const std::string style = series_style(i);
    std::string path;
    for (const Point& point : chart.series[i].points) {
      if (!is_drawn(point)) continue;
      path += (path.empty() ? "M" : "L") + at(to_x(point.x)) + " " + at(to_y(point.y));
      if (point.spread > 0) {
        made += line_at(to_x(point.x), to_y(point.y - point.spread), to_x(point.x),
                        to_y(point.y + point.spread), style + " thin");
      }
      made += circle_at(to_x(point.x), to_y(point.y), kRadius, style,
                        told(chart.series[i].name,
                             number(point.x, to_x.step() / 10) + ", " + number(point.y, to_y.step() / 100)));
    }
    if (chart.joined && !path.empty()) made += "<path d=\"" + path + "\" class=\"" + style + "\"/>";
  }
  double under = bottom + 16 + kLine;
  made += text_at(kWidth - kRight, under, chart.x.title, "end") + text_at(4, under, chart.y.title, "start");
  under += kLine + 4;
  made += legend(chart, under);
  height = under;
  return made;
}

constexpr std::string_view kStyle = R"(
svg{font:12px system-ui,sans-serif;width:100%;height:auto}
svg text{fill:var(--ink)}svg .title{font-weight:600;font-size:13px}
svg .grid{stroke:var(--grid)}svg .axis{stroke:var(--ink)}
svg path{fill:none;stroke-width:1.6}svg line{stroke-width:1.6}svg line.grid,svg line.axis{stroke-width:1}
svg .thin{stroke-width:1}svg .dashed{stroke-dasharray:5 3}
svg .s0{--own:var(--c0)}svg .s1{--own:var(--c1)}svg .s2{--own:var(--c2)}svg .s3{--own:var(--c3)}
svg .s4{--own:var(--c4)}svg .s5{--own:var(--c5)}svg .s6{--own:var(--c6)}svg .s7{--own:var(--c7)}
svg path,svg line,svg circle{stroke:var(--own)}
svg circle,svg rect{fill:var(--page)}svg circle{stroke-width:1.6}
svg circle.dashed{stroke-dasharray:none;fill:var(--own)}svg rect.filled{fill:var(--c0)}
svg .marked{font-weight:700}
)";

// Told apart in either light, also by most who see few colours (after Okabe and Ito).
constexpr std::string_view kLight =
    "--page:#fff;--ink:#222;--grid:#ddd;--c0:#0072b2;--c1:#d55e00;--c2:#00875f;--c3:#b8568f;--c4:#a07800;"
    "--c5:#3a9bd0;--c6:#555;--c7:#7a3fbf";
constexpr std::string_view kDark =
    "--page:#16181c;--ink:#e4e4e4;--grid:#3a3d44;--c0:#56b4e9;--c1:#ff9248;--c2:#2fc79a;--c3:#e79ac6;"
    "--c4:#e6c34a;--c5:#9ad2f5;--c6:#b5b5b5;--c7:#bd97f0";

}  // namespace

std::string escaped(std::string_view text) {
  std::string made;
  for (const char c : text) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      default:
        made += c;
    }
  }
  return made;
}

std::string_view chart_style() {
  static const std::string style = ":root{" + std::string(kLight) +
                                   "}\n@media(prefers-color-scheme:dark){:root{" + std::string(kDark) +
                                   "}}\n" + std::string(kStyle);
  return style;
}

std::string draw(const LineChart& chart) {
  double height = 0;
  const std::string inside = body(chart, height);
  return open(height, chart.title) + inside + "</svg>\n";
}

std::string draw(const ValueChart& chart) {
  Range range;
  for (const NamedValue& value : chart.values) {
    range.add(value.value - value.spread);
    range.add(value.value + value.spread);
  }
  if (chart.from_zero) range.add(0);
  const double left = width_of(chart.values, [](const NamedValue& value) { return value.name; });
  const double bottom = kTop + kLine * static_cast<double>(chart.values.size()) + 4;
  const Scale to_x(range.least, range.most, left, kWidth - 2 * kRight);
  std::string made = open(bottom + 38, chart.title) + title_of(chart.title);
  for (const double tick : to_x.ticks()) {
    made += line_at(to_x(tick), kTop, to_x(tick), bottom, "grid") +
            text_at(to_x(tick), bottom + 14, number(tick, to_x.step()), "middle");
  }
  double middle = kTop + kLine / 2;
  for (const NamedValue& value : chart.values) {
    made += text_at(left - 6, middle + 4, shortened(value.name), "end", value.marked ? "marked" : "");
    const double x = to_x(value.value);
    const std::string text = told(value.name, number(value.value, to_x.step() / 100));
    if (chart.from_zero) {
      const double zero = to_x(0);
      made += "<rect x=\"" + at(std::min(x, zero)) + "\" y=\"" + at(middle - 4.5) + "\" width=\"" +
              at(std::abs(x - zero)) + "\" height=\"9\" class=\"filled\">" + text + "</rect>";
    } else {
      if (value.spread > 0) {
        made +=
            line_at(to_x(value.value - value.spread), middle, to_x(value.value + value.spread), middle, "s0");
      }
      made += circle_at(x, middle, kRadiusAlone, value.marked ? "s1" : "s0", text);
    }
    middle += kLine;
  }
  return made + text_at(kWidth - kRight, bottom + 30, chart.axis, "end") + "</svg>\n";
}

std::string draw(const ShadeChart& chart) {
  std::size_t columns = 1;
  for (const std::vector<double>& row : chart.shades) columns = std::max(columns, row.size());
  const double left = width_of(chart.rows, [](const std::string& name) { return name; });
  const double cell = (kWidth - kRight - left) / static_cast<double>(columns);
  const double bottom = kTop + kLine * static_cast<double>(chart.rows.size());
  std::string made = open(bottom + 22, chart.title) + title_of(chart.title);
  for (std::size_t r = 0; r < chart.rows.size(); ++r) {
    const double y = kTop + kLine * static_cast<double>(r);
    made += text_at(left - 6, y + kLine - 4, shortened(chart.rows[r]), "end");
    for (std::size_t i = 0; i < chart.shades[r].size(); ++i) {
      const double shade = chart.shades[r][i];
      if (!std::isfinite(shade)) continue;
      made += "<rect x=\"" + at(left + cell * static_cast<double>(i)) + "\" y=\"" + at(y + 1) +
              "\" width=\"" + at(std::max(0.5, cell - (cell > 4 ? 1 : 0))) + "\" height=\"" + at(kLine - 2) +
              "\" class=\"filled\" fill-opacity=\"" + number(std::clamp(shade, 0.0, 1.0), 0.01) + "\">" +
              told(chart.rows[r] + " " + std::to_string(i + 1), number(shade, 0.001)) + "</rect>";
    }
  }
  return made + text_at(kWidth - kRight, bottom + 14, chart.axis, "end") + "</svg>\n";
}

std::string svg_file(const std::vector<LineChart>& charts) {
  std::string inside;
  double top = 0;
  for (const LineChart& chart : charts) {
    double height = 0;
    const std::string drawn = body(chart, height);
    inside += "<g transform=\"translate(0 " + at(top) + ")\">" + drawn + "</g>\n";
    top += height + 12;
  }
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + at(kWidth) + " " + at(top) +
         "\" width=\"" + at(2 * kWidth) + "\">\n<style>" + std::string(chart_style()) +
         "</style>\n<rect width=\"100%\" height=\"100%\"/>\n" + inside + "</svg>\n";
}

}  // namespace dcrnn::report
