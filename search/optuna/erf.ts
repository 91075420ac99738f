/*
 * The error function and its complement, to less than one unit in the last place, by the rational approximations of
 * FreeBSD's msun (s_erf.c, Sun Microsystems 1993), which C libraries and scientific packages share. The coefficients
 * and the interval ends are theirs, as the doubles that they are. Horner's scheme is written out, since a loop over
 * coefficients takes longer than the arithmetic, and this is where drawing candidates spends its time.
 */

const ERX = 0.8450629115104675;
const EFX = 0.1283791670955126;

export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 0.84375) {
    if (size < 2 ** -28) return x + EFX * x;
    return x + x * nearZero(x * x);
  }
  if (size < 1.25) return withSign(ERX + nearOne(size - 1), x);
  if (size >= 6) return withSign(1, x);
  return Number.isNaN(x) ? x : withSign(1 - tail(size) / size, x);
}

export function erfc(x: number): number {
  const size = Math.abs(x);
  if (size < 0.84375) {
    if (size < 2 ** -56) return 1 - x;
    const y = nearZero(x * x);
    // Above a quarter, 1 - x - x * y would lose a bit.
    return x < 0.25 ? 1 - (x + x * y) : 0.5 - (x * y + (x - 0.5));
  }
  if (size < 1.25) return x >= 0 ? 1 - ERX - nearOne(size - 1) : 1 + (ERX + nearOne(size - 1));
  if (size < 28) {
    if (x < -6) return 2;
    return x > 0 ? tail(size) / size : 2 - tail(size) / size;
  }
  return Number.isNaN(x) ? x : x > 0 ? 0 : 2;
}

function withSign(size: number, sign: number): number {
  return sign < 0 ? -size : size;
}

/** erf(x) / x - 1 for |x| < 0.84375, of z = x^2. */
function nearZero(z: number): number {
  const p =
    0.12837916709551256 +
    (-0.3250421072470015 + (-0.02848174957559851 + (-0.005770270296489442 + -0.000023763016656650163 * z) * z) * z) * z;
  const q =
    1 +
    (0.39791722395915535 +
      (0.0650222499887673 + (0.005081306281875766 + (0.00013249473800432164 + -0.000003960228278775368 * z) * z) * z) *
        z) *
      z;
  return p / q;
}

/** erf(x) - ERX for 0.84375 <= |x| < 1.25, of s = |x| - 1. */
function nearOne(s: number): number {
  const p =
    -0.0023621185607526594 +
    (0.41485611868374833 +
      (-0.3722078760357013 +
        (0.31834661990116175 + (-0.11089469428239668 + (0.035478304325618236 + -0.002166375594868791 * s) * s) * s) *
          s) *
        s) *
      s;
  const q =
    1 +
    (0.10642088040084423 +
      (0.540397917702171 +
        (0.07182865441419627 + (0.12617121980876164 + (0.01363708391202905 + 0.011984499846799107 * s) * s) * s) * s) *
        s) *
      s;
  return p / q;
}

/** x * erfc(x) for x >= 1.25. */
function tail(x: number): number {
  const s = 1 / (x * x);
  const ratio = x < 1 / 0.35 ? tailRatio(s) : farTailRatio(s);
  // A rounded square would be multiplied by the exponential, so x^2 is taken as z^2 + (x - z)(x + z) with z^2 exact.
  const z = upperHalf(x);
  return Math.exp(-z * z - 0.5625) * Math.exp((z - x) * (z + x) + ratio);
}

/** log(x erfc(x)) + x^2 + 0.5625 for 1.25 <= x < 1 / 0.35, of s = 1 / x^2. */
function tailRatio(s: number): number {
  const p =
    -0.009864944034847148 +
    (-0.6938585727071818 +
      (-10.558626225323291 +
        (-62.375332450326006 +
          (-162.39666946257347 + (-184.60509290671104 + (-81.2874355063066 + -9.814329344169145 * s) * s) * s) * s) *
          s) *
        s) *
      s;
  const q =
    1 +
    (19.651271667439257 +
      (137.65775414351904 +
        (434.56587747522923 +
          (645.3872717332679 +
            (429.00814002756783 + (108.63500554177944 + (6.570249770319282 + -0.0604244152148581 * s) * s) * s) * s) *
            s) *
          s) *
        s) *
      s;
  return p / q;
}

/** The same from 1 / 0.35 on. */
function farTailRatio(s: number): number {
  const p =
    -0.0098649429247001 +
    (-0.799283237680523 +
      (-17.757954917754752 +
        (-160.63638485582192 + (-637.5664433683896 + (-1025.0951316110772 + -483.5191916086514 * s) * s) * s) * s) *
        s) *
      s;
  const q =
    1 +
    (30.33806074348246 +
      (325.7925129965739 +
        (1536.729586084437 +
          (3199.8582195085955 + (2553.0504064331644 + (474.52854120695537 + -22.44095244658582 * s) * s) * s) * s) *
          s) *
        s) *
      s;
  return p / q;
}

/** x >= 1 without the lower 32 bits of its fraction, of which 20 bits are left. */
function upperHalf(x: number): number {
  const scale = x < 2 ? 2 ** 20 : x < 4 ? 2 ** 19 : x < 8 ? 2 ** 18 : x < 16 ? 2 ** 17 : 2 ** 16;
  return ((x * scale) | 0) / scale;
}
