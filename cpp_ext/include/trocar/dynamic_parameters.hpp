// SPDX-License-Identifier: Apache-2.0
/// Masses, inertias, reflected motor inertia and friction of the serial-chain PSM, as data.
///
/// Seven links: one per DH row, then the jaw.  Link frames are the DH frames of psm_model.hpp; the
/// jaw's frame is row 6 turned about its z by the jaw angle.  The simulator's URDF is made from
/// these same numbers.
///
/// Sources.  [Si] = gravity model of the PSM Si, saw PSM_Si_physical.json and PSM_Si.json.
/// [assumed] = no published value for the Classic arm; the reason stands beside it.
#pragma once

#include <cstdint>

#include "trocar/types.hpp"

namespace trocar {

/// Motor and gear figures behind `armature`.
namespace drive {
// [assumed] rotor of a 25 mm brushed motor with the torque constant 0.0438 N m/A (compute-ftmax.py)
inline constexpr double kRotorInertia = 1.0e-6;  // kg m2
inline constexpr double kGearYawPitch = 56.5;    // compute-ftmax.py
inline constexpr double kGearInsertion = 336.6;  // 1/m, compute-ftmax.py
// [assumed] rotor through gear 11.71 (1.37e-4) plus gear head, pulley and sterile-adapter disc
inline constexpr double kDiscInertia = 3.0e-4;  // kg m2
// Coupling disc <- joint of the instrument (dVRK tool file, inverted); see the armature below.
inline constexpr double kRollDisc = 0.63971, kPitchDisc2 = 0.98174, kPitchDisc34 = 0.6696;
inline constexpr double kYawDisc34 = 0.82115, kJawDisc34 = 0.41061;
}  // namespace drive

/// Everything the equation of motion needs; plain values, no ROS, no simulator.
struct DynamicParameters {
  /// kg.  Yaw: [Si] 0.994.  Pitch: [Si] pitch1 + pitch2 + pitch3, the parallelogram's bars lumped
  /// on the pitch link.  Insertion: [assumed] [Si] carriage 0.637 net of a counterweight of 0.387:
  /// a serial chain has no counterweight, and the bare 0.637 kg would take 68 % of the Classic
  /// motor's 9.88 N; the moving inertia is therefore understated.  Roll: [assumed] 8.35 mm tube of
  /// 0.42 m.  Wrist and jaws: [assumed] steel parts of a few cubic centimetres in all.
  Vec7 mass;
  /// m, in the link's DH frame.  Insertion: [Si] (0.018, 0, 0.060).  Yaw and pitch: [assumed] the
  /// Si centres (0.1 m off the axis) belong to 17 N m motors; the Classic arm is counterbalanced,
  /// so they are drawn in until gravity takes below 40 % of 3.32 N m anywhere.  Roll: middle of the
  /// tube.
  Mat73 com;
  /// kg m2, diagonal (xx, yy, zz) about the centre of mass, DH axes.  [assumed]: uniform bodies of
  /// the size of the parts; pitch: bars of 0.2-0.35 m in the plane normal to the pitch axis.
  Mat73 inertia;
  /// kg m2, off the diagonal (xy, xz, yz) of the same matrix.  [assumed] 0: DH axes are principal.
  /// Identification finds what they are.
  Mat73 products;
  /// kg m2, insertion kg: rotor inertia through the gear, added to the diagonal of the mass matrix.
  /// Wrist: J_disc times the squared columns of the coupling; the coupling's off-diagonal terms
  /// are left out.  Without it a 1 kHz loop cannot hold links of 1e-8 kg m2.
  Vec7 armature;
  /// N m s/rad, insertion N s/m.  [assumed] about 3-10 % of the maximum effort at 90 deg/s, 0.2 m/s
  /// and 360 deg/s.
  Vec7 viscous;
  /// N m, insertion N.  [assumed] about 5 % of the maximum effort, cable drives.
  Vec7 coulomb;
  /// rad/s, insertion m/s: speed at which Coulomb friction has reached 76 % (tanh 1).  [assumed] it
  /// keeps the sign function smooth at rest.
  Vec7 friction_speed;
  /// N m, insertion N, and rad/s, insertion m/s: what breaking loose takes beyond Coulomb friction,
  /// and the speed at which 37 % of it is left (Stribeck).  0: none, the default.
  Vec7 stribeck;
  Vec7 stribeck_speed;
  /// m/s2, gravity in the arm's base frame; the default is an arm whose shaft hangs down at q = 0.
  Vec3 gravity_base;

  DynamicParameters();

  /// Inertia (3, 3) of link i about its centre of mass, DH axes.
  Mat3 inertia_matrix(int i) const {
    Mat3 I = Vec3(inertia.row(i)).asDiagonal();
    I(0, 1) = I(1, 0) = products(i, 0);
    I(0, 2) = I(2, 0) = products(i, 1);
    I(1, 2) = I(2, 1) = products(i, 2);
    return I;
  }

  /// Copy in which mass (inertia with it), viscous and Coulomb friction of every link are wrong by
  /// exactly `fraction`, each sign drawn by `seed`: the same on every machine (splitmix64).
  /// Centres, armature and gravity stay.  fraction in [0, 1), not checked here.
  DynamicParameters perturbed(double fraction, std::uint64_t seed) const;
};

inline DynamicParameters::DynamicParameters() {
  using namespace drive;
  mass << 0.994, 1.005 + 2.060 + 2.041, 0.250, 0.040, 0.003, 0.002, 0.001;
  com << -0.0094, 0.0082, 0.0,  //
      0.008, -0.010, 0.004,     //
      0.018, 0.0, 0.060,        //
      0.0, 0.0, -0.2081,        //
      0.0045, 0.0, 0.0,         //
      0.0, 0.002, 0.0,          //
      0.0, 0.005, 0.0;
  inertia << 6.0e-3, 6.0e-3, 6.0e-3,  //
      6.0e-2, 6.0e-2, 1.1e-1,         //
      3.8e-4, 5.1e-4, 2.8e-4,         //
      5.8e-4, 5.8e-4, 7.0e-7,         //
      3.0e-8, 4.0e-8, 4.0e-8,         //
      2.0e-8, 1.0e-8, 2.0e-8,         //
      1.0e-8, 0.5e-8, 1.0e-8;
  const double pitch_squared = kPitchDisc2 * kPitchDisc2 + 2.0 * kPitchDisc34 * kPitchDisc34;
  armature << kRotorInertia * kGearYawPitch * kGearYawPitch,
      kRotorInertia * kGearYawPitch * kGearYawPitch,
      kRotorInertia * kGearInsertion * kGearInsertion, kDiscInertia * kRollDisc * kRollDisc,
      kDiscInertia * pitch_squared, kDiscInertia * 2.0 * kYawDisc34 * kYawDisc34,
      kDiscInertia * 2.0 * kJawDisc34 * kJawDisc34;
  viscous << 0.10, 0.10, 2.0, 2.0e-3, 2.0e-3, 2.0e-3, 1.0e-3;
  coulomb << 0.15, 0.15, 0.5, 0.010, 0.012, 0.010, 0.008;
  products.setZero();
  friction_speed << 0.01, 0.01, 0.001, 0.05, 0.05, 0.05, 0.05;
  stribeck.setZero();
  stribeck_speed = 10.0 * friction_speed;
  gravity_base << 0.0, 0.0, -9.81;
}

inline DynamicParameters DynamicParameters::perturbed(double fraction, std::uint64_t seed) const {
  // splitmix64 (Steele, Lea, Flood 2014); its top bit is the sign.
  const auto factor = [&]() {
    seed += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    return (z >> 63) != 0 ? 1.0 + fraction : 1.0 - fraction;
  };
  DynamicParameters wrong = *this;
  for (int i = 0; i < kNumAxes; ++i) {
    const double mass_factor = factor();
    wrong.mass[i] *= mass_factor;
    wrong.inertia.row(i) *= mass_factor;
    wrong.products.row(i) *= mass_factor;
    wrong.viscous[i] *= factor();
    wrong.coulomb[i] *= factor();
  }
  return wrong;
}

}  // namespace trocar
