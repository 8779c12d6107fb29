#include "program/scheduling/look_early.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace talweg {

void look_early(Plan& plan, std::size_t begin) {
  if (begin == plan.steps.size()) return;
  std::unordered_map<BufferId, std::size_t> written;  // by root: behind which place it can be read
  std::vector<std::size_t> places;  // 2 k + 1 is that of the k-th step, 2 k + 2 is behind it
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    std::size_t place = 2 * i + 1;
    if (i >= begin) {
      place = 0;
      for (const View& view : plan.steps[i]->reads())
        if (const auto known = written.find(plan.root(view.buffer).first); known != written.end())
          place = std::max(place, known->second);
    }
    places.push_back(place);
    for (const View& view : plan.steps[i]->writes()) {
      std::size_t& last = written[plan.root(view.buffer).first];
      last = std::max(last, place + place % 2);
    }
  }
  plan.sort_steps(places);
}

}  // namespace talweg
