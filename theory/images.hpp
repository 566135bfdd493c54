// Square images as signals: wavelet coefficients, in which they are nearly sparse, and how alike two of them look.
#pragma once

#include <Eigen/Core>

namespace theoremeter {

/// Pixels come row by row, and fill a square; 0: they fill none.
Eigen::Index side_of(Eigen::Index pixels);

/// How many coefficients an image has: it is padded with 0 on the right and below to the next power of two.
Eigen::Index coefficients_of(Eigen::Index pixels);

/// Daubechies' wavelets with 4 vanishing moments (8 taps; db4), periodic, down to blocks of 8 x 8: an orthonormal
/// transform of the padded image.
Eigen::VectorXd wavelet_coefficients(const Eigen::VectorXd& pixels);

/// The image of so many pixels that has these coefficients; what lies in the padding is cut off.
Eigen::VectorXd image_of(const Eigen::VectorXd& coefficients, Eigen::Index pixels);

/// SSIM [Wang, Bovik, Sheikh, Simoncelli 2004] of images with values from 0 to 1: the mean over all windows of 11 x 11
/// within the image, Gaussian of deviation 1.5, K1 = .01, K2 = .03. Sides of 11 at least.
double structural_similarity(const Eigen::VectorXd& a, const Eigen::VectorXd& b);
inline constexpr Eigen::Index least_side = 11;

}  // namespace theoremeter
