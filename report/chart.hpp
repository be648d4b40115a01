// Charts as SVG: text that any browser draws, without scripts, light and dark.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dcrnn::report {

struct Point {
  double x = 0, y = 0;
  double spread = 0;  ///< drawn as a bar of y +- spread
};
struct Series {
  std::string name;
  std::vector<Point> points;
};

struct Axis {
  std::string title;
  std::optional<double> least, most;  ///< left out: those of the points; both given: no more than that
  bool whole = false;                 ///< counts: no marks between whole numbers
};

/// Series of points, joined by lines in the order of the points; points that are not finite are left out.
struct LineChart {
  std::string title;
  Axis x, y;
  std::vector<Series> series;
  bool joined = true;
  bool diagonal = false;  ///< also y = x
};

/// As a part of HTML.
std::string draw(const LineChart& chart);

/// One value, with its spread, for each name; from zero as bars, otherwise as points.
struct NamedValue {
  std::string name;
  double value = 0, spread = 0;
  bool marked = false;
};
struct ValueChart {
  std::string title, axis;
  std::vector<NamedValue> values;
  bool from_zero = false;
};
std::string draw(const ValueChart& chart);

/// Numbers in [0, 1] as shades, a list of them for each row.
struct ShadeChart {
  std::string title, axis;
  std::vector<std::string> rows;
  std::vector<std::vector<double>> shades;
};
std::string draw(const ShadeChart& chart);

/// Style of the classes that charts use; colours --page, --ink and --grid, light and dark.
std::string_view chart_style();

/// `text` fit to stand in SVG and HTML.
std::string escaped(std::string_view text);

/// Charts below each other as one SVG file that stands by itself.
std::string svg_file(const std::vector<LineChart>& charts);

}  // namespace dcrnn::report
