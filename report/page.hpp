// A page of HTML that stands by itself: opens from a disk, asks no network for anything, runs no script.
#pragma once

#include <string>
#include <vector>

namespace dcrnn::report {

class Page {
 public:
  explicit Page(std::string title) : title_(std::move(title)) {}

  /// A section; what follows belongs to it.
  void section(const std::string& heading, const std::string& says);
  /// A chart as draw() gives it; charts of a section stand side by side where there is room.
  void chart(const std::string& svg);
  /// The first row heads the columns.
  void table(const std::vector<std::vector<std::string>>& rows);
  std::string html() const;

 private:
  struct Section {
    std::string heading, says, charts, tables;
  };
  std::string title_;
  std::vector<Section> sections_;
};

}  // namespace dcrnn::report
