// Charts as SVG: text that any browser draws, without scripts, light and dark.
#pragma once

#include <optional>
#include <string>
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
  std::optional<double> least, most;  ///< left out: those of the points
};

/// Series of points, joined by lines in the order of the points; points that are not finite are left out.
struct LineChart {
  std::string title;
  Axis x, y;
  std::vector<Series> series;
  bool joined = true;
  bool diagonal = false;  ///< also y = x
};

/// Charts below each other as one SVG file that stands by itself.
std::string svg_file(const std::vector<LineChart>& charts);

}  // namespace dcrnn::report
