#include "training/optimizer_groups.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "model/fields.hpp"
#include "model/place.hpp"

namespace talweg {
namespace {

bool takes(const GroupSetting& group, const std::string& name, const Shape& shape) {
  if (group.dimensions && *group.dimensions != shape.rank()) return false;
  return group.patterns.empty() || std::ranges::any_of(group.patterns, [&](const std::string& pattern) {
           return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
         });
}

std::vector<std::string> names_of_parameters(const CheckedModel& model) {
  std::vector<std::string> names;
  for (const TensorDeclaration& parameter : model.parameters) names.push_back(parameter.name);
  return names;
}

}  // namespace

std::vector<std::size_t> groups_of_parameters(const CheckedModel& model) {
  const std::vector<GroupSetting>& groups = model.train->groups;
  std::vector<std::size_t> result;
  for (const TensorDeclaration& parameter : model.parameters) {
    const auto group = std::ranges::find_if(groups, [&](const GroupSetting& candidate) {
      return takes(candidate, parameter.name, (*model.graph)[parameter.node].shape);
    });
    result.push_back(group == groups.end() ? kNoGroup : static_cast<std::size_t>(group - groups.begin()));
  }
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (std::ranges::find(result, i) == result.end())
      throw error_at(groups[i].span, "group '" + groups[i].name + "' has no parameter")
          .note("the parameters are " + join(names_of_parameters(model)) +
                "; each is in the first group that fits");
  return result;
}

}  // namespace talweg
