// How much of a comparison is left.
#include "compare/work.hpp"

#include <doctest/doctest.h>

using dcrnn::compare::Work;

TEST_CASE("work is that of the runs in their parts") {
  Work work;
  work.expect({{"a", 10}, {"b", 30}});
  CHECK((work.runs() == 2 && work.finished() == 0));
  CHECK((work.done() == 0 && work.all() == 40));
  work.at("b", 0, 2, 0.5);  // the first of two members
  CHECK((work.done() == 7.5 && work.all() == 40));
  work.at("b", 0, 2, 1);
  work.at("b", 1, 2, 0.5);
  CHECK(work.done() == 22.5);
}

TEST_CASE("what early stopping spares is spared in the runs that are left") {
  Work work;
  work.expect({{"a", 10}, {"b", 10}, {"c", 20}});
  work.at("a", 0, 1, 0.25);
  work.finish("a");  // after a quarter of its epochs
  CHECK(work.finished() == 1);
  CHECK(work.done() == 2.5);
  CHECK(work.all() == 2.5 + 2.5 + 5);
  work.at("b", 0, 1, 0.75);  // goes on for longer
  CHECK(work.all() == 2.5 + 7.5 + 5);
  work.finish("b");
  work.at("c", 0, 1, 0.5);
  CHECK(work.all() == 20);
  work.finish("c");
  CHECK((work.done() == work.all() && work.finished() == work.runs()));
}

TEST_CASE("what has not begun may turn out to be something else") {
  Work work;
  work.expect({{"a", 10}, {"a again", 10}});
  work.finish("a");
  work.expect({{"a", 99}, {"another", 30}});
  CHECK((work.runs() == 2 && work.finished() == 1));
  CHECK((work.done() == 10 && work.all() == 40));
}
