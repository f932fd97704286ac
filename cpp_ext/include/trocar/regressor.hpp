// SPDX-License-Identifier: Apache-2.0
/// The equation of motion as a product with its parameters: what identification solves.
///
/// Ten standard parameters a link, in its own axes about its origin (Atkeson, An, Hollerbach, IJRR
/// 1986): m, m c_x, m c_y, m c_z, I_xx, I_xy, I_xz, I_yy, I_yz, I_zz.  Momentum, C^T qd and gravity
/// are linear in them, so a stretch of motion gives, without any acceleration,
///   p(b) - p(a) - integral(C^T qd - g) = integral(tau - friction)
/// (the integrated regressor; Khalil & Dombre, "Modeling, Identification and Control of Robots"
/// 2002, section 12.6, here with momentum in place of energy).
#pragma once

#include <array>

#include "trocar/dynamics.hpp"
#include "trocar/psm_bodies.hpp"

namespace trocar {

inline constexpr int kLinkParameters = 10;
inline constexpr int kStandardParameters = kLinkParameters * kNumAxes;
using Regressor = Eigen::Matrix<double, kNumAxes, kStandardParameters, Eigen::RowMajor>;
using StandardParameters = Eigen::Matrix<double, kStandardParameters, 1>;

/// The 70 standard parameters of a model, link by link; armature and friction are not among them.
inline StandardParameters standard_parameters(const DynamicParameters& p) {
  StandardParameters out;
  for (int i = 0; i < kNumAxes; ++i) {
    const Vec3 c = p.com.row(i).transpose();
    const Mat3 I =
        p.inertia_matrix(i) + p.mass[i] * (c.squaredNorm() * Mat3::Identity() - c * c.transpose());
    out.segment<kLinkParameters>(kLinkParameters * i) << p.mass[i], p.mass[i] * c, I(0, 0), I(0, 1),
        I(0, 2), I(1, 1), I(1, 2), I(2, 2);
  }
  return out;
}

/// Force (rows 0..2) and moment about the link's origin (rows 3..5), link axes, of each standard
/// parameter of a link whose origin has "velocity" v and that has "turn rate" w.  With v, w the
/// velocity it is the momentum, with v = -gravity, w = 0 the weight.
inline Eigen::Matrix<double, 6, kLinkParameters> link_basis(const Vec3& v, const Vec3& w) {
  Eigen::Matrix<double, 6, kLinkParameters> basis;
  basis.setZero();
  basis.block<3, 1>(0, 0) = v;  // f = m v + w x m c
  basis.block<3, 3>(0, 1) = skew(w);
  basis.block<3, 3>(3, 1) = -skew(v);                             // n = I w + m c x v
  basis.block<3, 6>(3, 4) << w.x(), w.y(), w.z(), 0.0, 0.0, 0.0,  //
      0.0, w.x(), 0.0, w.y(), w.z(), 0.0,                         //
      0.0, 0.0, w.x(), 0.0, w.y(), w.z();
  return basis;
}

/// Momentum, C^T qd and gravity, each = regressor (7, 70) . standard parameters.
struct MomentumRegressor {
  Regressor momentum, coriolis_transpose, gravity;
};

inline MomentumRegressor momentum_regressor(const DynamicFrames& T, const Vec7& qd,
                                            const Vec3& gravity_base) {
  MomentumRegressor Y;
  Y.momentum.setZero();
  Y.coriolis_transpose.setZero();
  Y.gravity.setZero();
  std::array<Vec3, kNumAxes> axis, linear, rate, rate_linear;  // S_i = (axis, linear), dS_i/dt
  Vec3 omega = Vec3::Zero(), v = Vec3::Zero();                 // of the body, v at the base origin
  for (int i = 0; i < kNumAxes; ++i) {
    const Vec3 z = T[i].R.col(2);
    const bool slides = PsmBodies::slides(i);
    axis[i] = slides ? Vec3(Vec3::Zero()) : z;
    linear[i] = slides ? z : Vec3(T[i].p.cross(z));
    rate[i] = omega.cross(axis[i]);
    rate_linear[i] = omega.cross(linear[i]) + v.cross(axis[i]);
    omega += qd[i] * axis[i];
    v += qd[i] * linear[i];
    const Mat3 R = T[i].R;
    const Vec3 origin_velocity = R.transpose() * (v + omega.cross(T[i].p));
    auto moving = link_basis(origin_velocity, R.transpose() * omega);
    auto resting = link_basis(-(R.transpose() * gravity_base), Vec3::Zero());
    for (auto* basis : {&moving, &resting}) {  // to base axes, moments about the base origin
      basis->topRows<3>() = (R * basis->topRows<3>()).eval();
      basis->bottomRows<3>() = (R * basis->bottomRows<3>()).eval();
      basis->bottomRows<3>() += skew(T[i].p) * basis->topRows<3>();
    }
    for (int j = 0; j <= i; ++j) {
      const auto along = [&](const Vec3& s, const Vec3& s_linear, const auto& basis) {
        return (s.transpose() * basis.template bottomRows<3>() +
                s_linear.transpose() * basis.template topRows<3>())
            .eval();
      };
      const int column = kLinkParameters * i;
      Y.momentum.block<1, kLinkParameters>(j, column) = along(axis[j], linear[j], moving);
      Y.coriolis_transpose.block<1, kLinkParameters>(j, column) =
          along(rate[j], rate_linear[j], moving);
      Y.gravity.block<1, kLinkParameters>(j, column) = along(axis[j], linear[j], resting);
    }
  }
  return Y;
}

}  // namespace trocar
