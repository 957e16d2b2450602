#include "core/findings/figure.h"

#include <algorithm>
#include <cctype>

namespace attnlab {

std::string part_id(const std::string& whole, const std::string& part) {
  std::string name = part;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '-');
  return whole + "_" + name;
}

}  // namespace attnlab
