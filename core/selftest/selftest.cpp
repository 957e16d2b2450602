// The list of groups, and their results as text.
#include "core/selftest/selftest.h"

#include <iterator>

#include "core/base/text.h"
#include "core/selftest/checks.h"

namespace attnlab {
namespace {

using Group = std::vector<SelfCheck> (*)();
constexpr Group kGroups[] = {
    selftest::check_random_numbers,  selftest::check_products,
    selftest::check_factorisation,   selftest::check_softmax_attention,
    selftest::check_attention_heads, selftest::check_infinite_layers,
    selftest::check_extraction,      selftest::check_prompt_heads,
    selftest::check_training,        selftest::check_closed_forms,
};

std::string filled(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

std::size_t self_check_groups() {
  return std::size(kGroups);
}

std::vector<SelfCheck> self_check_group(std::size_t group) {
  return group < std::size(kGroups) ? kGroups[group]() : std::vector<SelfCheck>();
}

std::vector<SelfCheck> self_check() {
  std::vector<SelfCheck> all;
  for (const Group group : kGroups) {
    for (SelfCheck& check : group()) all.push_back(std::move(check));
  }
  return all;
}

std::array<std::string, 5> self_check_cells(const SelfCheck& check) {
  return {check.family, check.statement, short_text(check.error), short_text(check.allowed),
          check.passed() ? "right" : "WRONG"};
}

std::string self_check_text(const std::vector<SelfCheck>& checks) {
  std::size_t width = 9, failed = 0;
  for (const SelfCheck& check : checks) width = std::max(width, check.statement.size());
  std::string text = filled("family", 10) + filled("statement", width + 2) +
                     filled("deviation", 11) + filled("allowed", 10) + "verdict\n";
  for (const SelfCheck& check : checks) {
    failed += !check.passed();
    const auto [family, statement, error, allowed, verdict] = self_check_cells(check);
    text += filled(family, 10) + filled(statement, width + 2) + filled(error, 11) +
            filled(allowed, 10) + verdict + "\n";
  }
  const std::string count = exact_text(static_cast<std::int64_t>(checks.size()));
  if (failed == 0) return text + "all " + count + " statements hold on this machine\n";
  return text + exact_text(static_cast<std::int64_t>(failed)) + " of " + count +
         (failed == 1 ? " statements does" : " statements do") +
         " NOT hold: do not trust numbers computed on this machine\n";
}

}  // namespace attnlab
