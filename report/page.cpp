#include "report/page.hpp"

#include <string_view>

#include "report/chart.hpp"

namespace dcrnn::report {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark}
body{margin:0 auto;padding:1rem;max-width:84rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.15rem;margin:2rem 0 .3rem}p{max-width:44rem;margin:.3rem 0 1rem;white-space:pre-line}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1.2rem}
figure{margin:0}.scroll{overflow-x:auto;margin-bottom:1rem}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
)";

}  // namespace

void Page::section(const std::string& heading, const std::string& says) {
  sections_.push_back({heading, says, "", ""});
}

void Page::chart(const std::string& svg) {
  sections_.back().charts += "<figure>" + svg + "</figure>\n";
}

void Page::table(const std::vector<std::vector<std::string>>& rows) {
  std::string& text = sections_.back().tables;
  text += "<div class=\"scroll\"><table>\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::string cell = r == 0 ? "th" : "td";
    text += "<tr>";
    for (const std::string& value : rows[r]) text += "<" + cell + ">" + escaped(value) + "</" + cell + ">";
    text += "</tr>\n";
  }
  text += "</table></div>\n";
}

std::string Page::html() const {
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n<title>" +
      escaped(title_) + "</title>\n<style>" + std::string(chart_style()) + std::string(kStyle) +
      "</style>\n</head>\n<body>\n<h1>" + escaped(title_) + "</h1>\n";
  for (const Section& section : sections_) {
    text +=
        "<h2>" + escaped(section.heading) + "</h2>\n<p>" + escaped(section.says) + "</p>\n" + section.tables;
    if (!section.charts.empty()) text += "<div class=\"charts\">\n" + section.charts + "</div>\n";
  }
  return text + "</body>\n</html>\n";
}

}  // namespace dcrnn::report
