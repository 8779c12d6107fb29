// The section that defines optimizers in the model file.

#include "model/fields.hpp"
#include "model/sections.hpp"

namespace talweg {

void read_optimizers(ModelContext&, const DocumentNode* section) {
  if (section == nullptr) return;
  require_mapping(*section, "'optimizers'");
}

}  // namespace talweg
