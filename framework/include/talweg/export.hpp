#pragma once

/// Marks what libtalweg.so offers; everything else of the library stays hidden within it.
#define TALWEG_API __attribute__((visibility("default")))
