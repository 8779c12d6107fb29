#include "program/scheduling/divide_updates.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "program/panels.hpp"
#include "program/scheduling/update_in_products.hpp"
#include "program/steps/elementwise_step.hpp"
#include "program/steps/product_step.hpp"

namespace talweg {
namespace {

bool may_be_in_panels(const ProductStep& product, std::int64_t width) {
  const Shape& shape = product.result().shape;
  return product.is_large() && shape.rank() == 2 &&
         are_panels_faster(product.right().shape[0], shape[0], shape[1], width, WeightUpdate::functions);
}

/// Elements of a concatenation: a part that has a step of its own, or all between two of them.
struct Piece {
  std::int64_t begin, count;
  View view;  ///< where it lies
};

class Divider {
 public:
  Divider(Plan& plan, DType dtype, std::size_t bytes_of_element)
      : plan_(plan), bytes_of_element_(bytes_of_element) {
    for (const auto& step : plan.steps) {
      const auto* product = dynamic_cast<const ProductStep*>(step.get());
      if (product == nullptr) continue;
      if (product->is_subtractable(dtype)) products_.insert(product->result().buffer);
      if (may_be_in_panels(*product, panel_width(dtype))) panels_.insert(product->result().buffer);
    }
    for (BufferId id = 0; id < plan.buffers.size(); ++id)
      if (const auto& whole = plan.buffers[id].whole) parts_[*whole].push_back(id);
  }

  void run() {
    if (parts_.empty()) return;
    for (const auto& step : plan_.steps)
      for (const View& view : step->reads()) ++reads_[view.buffer];
    auto steps = std::exchange(plan_.steps, {});
    const auto nodes = std::exchange(plan_.nodes, {});
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!divide(*steps[i])) plan_.steps.push_back(std::move(steps[i]));
      plan_.nodes.resize(plan_.steps.size(), nodes[i]);
    }
  }

 private:
  /// Is it worth a step of its own?
  [[nodiscard]] bool is_large(BufferId part) const {
    return plan_.buffers[part].elements >= kLargePart || panels_.contains(part);
  }

  /// Appends a step for each piece of the concatenation that the step reads; false where there is but one.
  bool divide(const Step& step) {
    const auto* pass = dynamic_cast<const ElementwiseStep*>(&step);
    if (pass == nullptr || !pass->is_divisible()) return false;
    const auto update = pass->scaled_subtraction();
    const bool is_update = update && is_in_place(plan_, *update, bytes_of_element_);
    const auto pieces_for = [&](BufferId whole) {
      return pieces_of(whole, is_update && update->g.buffer == whole);
    };
    const auto found = std::ranges::find_if(pass->views(), [&](const View& view) {
      return parts_.contains(view.buffer) && view.offset == 0 && !is_single(view) &&
             view.shape.elements() == plan_.buffers[view.buffer].elements &&
             pieces_for(view.buffer).size() > 1;
    });
    if (found == pass->views().end()) return false;
    const BufferId whole = found->buffer;
    std::vector<Piece> pieces = pieces_for(whole);
    if (is_read_once(whole)) take_apart(whole, pieces);
    for (const Piece& piece : pieces)
      plan_.steps.push_back(pass->part(
          piece.count,
          [&](const View& view) {
            return view.buffer == whole
                       ? piece.view
                       : contiguous_view(view.buffer, {piece.count}, view.offset + piece.begin);
          },
          [&](BufferId stored) { return part_of(stored, piece); }));
    return true;
  }

  /// `subtracts`: is it subtracted, so that products can do that?
  [[nodiscard]] std::vector<Piece> pieces_of(BufferId whole, bool subtracts) const {
    const bool products = subtracts && is_read_once(whole);
    std::vector<std::int64_t> cuts = {0, plan_.buffers[whole].elements};
    for (BufferId part : parts_.at(whole)) {
      const Buffer& buffer = plan_.buffers[part];
      if (is_large(part) || (products && products_.contains(part)))
        cuts.insert(cuts.end(), {buffer.offset, buffer.offset + buffer.elements});
    }
    std::ranges::sort(cuts);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      const std::int64_t begin = cuts[i], count = cuts[i + 1] - begin;
      pieces.push_back({begin, count, contiguous_view(whole, {count}, begin)});
    }
    return pieces;
  }

  /// Does nobody but one step read it as a whole, during the run or after, and is it the concatenation of its
  /// parts alone?
  [[nodiscard]] bool is_read_once(BufferId whole) const {
    const Buffer& buffer = plan_.buffers[whole];
    if (buffer.kind != Buffer::Kind::arena || buffer.whole || buffer.kept || reads_.at(whole) != 1)
      return false;
    std::int64_t elements = 0;
    for (BufferId part : parts_.at(whole)) {
      if (plan_.buffers[part].kept) return false;
      elements += plan_.buffers[part].elements;
    }
    return elements == buffer.elements;
  }

  /// Makes each piece a buffer of its own.
  void take_apart(BufferId whole, std::vector<Piece>& pieces) {
    for (Piece& piece : pieces) {
      Buffer own;
      own.elements = piece.count;
      piece.view = contiguous_view(plan_.add_buffer(std::move(own)), {piece.count});
    }
    for (BufferId part : parts_.at(whole)) {
      Buffer& buffer = plan_.buffers[part];
      const auto piece = std::prev(std::ranges::upper_bound(pieces, buffer.offset, {}, &Piece::begin));
      buffer.whole = piece->view.buffer;
      buffer.offset -= piece->begin;
    }
  }

  BufferId part_of(BufferId stored, const Piece& piece) {
    Buffer part;
    part.kind = plan_.buffers[stored].kind;
    part.elements = piece.count;
    part.whole = stored;
    part.offset = piece.begin;
    return plan_.add_buffer(std::move(part));
  }

  Plan& plan_;
  std::size_t bytes_of_element_;
  std::map<BufferId, std::vector<BufferId>> parts_;  ///< by concatenation
  std::map<BufferId, std::size_t> reads_;
  std::set<BufferId> products_;  ///< what they are written to
  std::set<BufferId> panels_;    ///< of those, gradients of weights that may be in panels
};

}  // namespace

void divide_updates(Plan& plan, DType dtype, std::size_t bytes_of_element) {
  Divider(plan, dtype, bytes_of_element).run();
}

}  // namespace talweg
