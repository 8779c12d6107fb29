#pragma once

#include <type_traits>
#include <vector>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xbroadcast.hpp>
#include <xtensor/xnoalias.hpp>

#include "graph/op.hpp"

namespace talweg {

// GCC in C++20 deduces a fixed-rank temporary for xarray expressions unless -fno-new-ttp-matching is given;
// sums and views are then wrong. This line fails to compile where the option is missing.
static_assert(
    std::is_same_v<
        xt::detail::xtype_for_shape<xt::xarray<float>::shape_type>::type<float, xt::layout_type::row_major>,
        xt::xarray<float>>,
    "compile with -fno-new-ttp-matching");

/// A view as an xtensor expression over the same memory.
template <class T>
auto tensor(const TensorView<T>& view) {
  const std::vector<std::size_t> shape(view.shape.begin(), view.shape.end());
  return xt::adapt(view.data, static_cast<std::size_t>(view.shape.elements()), xt::no_ownership(), shape);
}

/// Input i of a call as an xtensor expression.
template <class T>
auto input(const ReferenceCall<T>& call, std::size_t i) {
  return tensor(call.inputs[i]);
}

/// Writes an xtensor expression of the output's shape (or one that broadcasts to it) to the output.
template <class T, class Expression>
void write_output(const ReferenceCall<T>& call, const Expression& expression) {
  auto output = tensor(call.output);
  // The adaptor cannot be resized, which assigning a smaller shape would try.
  xt::noalias(output) = xt::broadcast(expression, output.shape());
}

}  // namespace talweg
