#pragma once

#include "kernels/kernels.hpp"

// TALWEG_KERNELS is the namespace of one build of the kernels, named after its instruction set.

namespace talweg::kernels::TALWEG_KERNELS {

// Each fills its part of a table, in the file of its name.
template <class T>
void add_elementwise(Table<T>& table);
template <class T>
void add_compositions(Table<T>& table);
template <class T>
void add_reductions(Table<T>& table);
template <class T>
void add_products(Table<T>& table);
template <class T>
void add_panels(Table<T>& table);
template <class T>
void add_sparse(Table<T>& table);
template <class T>
void add_windows(Table<T>& table);

}  // namespace talweg::kernels::TALWEG_KERNELS
