/*
 * The error function and its complement, to less than one unit in the last place, by the rational approximations of
 * FreeBSD's msun (s_erf.c, Sun Microsystems 1993), which C libraries and scientific packages share. The coefficients
 * and the interval ends are theirs, as the doubles that they are; lowest power first.
 */

const ERX = 0.8450629115104675;
const EFX = 0.1283791670955126;

/** erf(x) = x + x * P(x^2) / Q(x^2) for |x| < 0.84375. */
const PP = [
  0.12837916709551256, -0.3250421072470015, -0.02848174957559851, -0.005770270296489442, -0.000023763016656650163,
];
const QQ = [
  1, 0.39791722395915535, 0.0650222499887673, 0.005081306281875766, 0.00013249473800432164, -0.000003960228278775368,
];
/** erf(x) = ERX + P(|x| - 1) / Q(|x| - 1) for 0.84375 <= |x| < 1.25. */
const PA = [
  -0.0023621185607526594, 0.41485611868374833, -0.3722078760357013, 0.31834661990116175, -0.11089469428239668,
  0.035478304325618236, -0.002166375594868791,
];
const QA = [
  1, 0.10642088040084423, 0.540397917702171, 0.07182865441419627, 0.12617121980876164, 0.01363708391202905,
  0.011984499846799107,
];
/** erfc(x) = exp(-x^2 - 0.5625 + R(1/x^2) / S(1/x^2)) / x, for x below 1 / 0.35 and from there on. */
const RA = [
  -0.009864944034847148, -0.6938585727071818, -10.558626225323291, -62.375332450326006, -162.39666946257347,
  -184.60509290671104, -81.2874355063066, -9.814329344169145,
];
const SA = [
  1, 19.651271667439257, 137.65775414351904, 434.56587747522923, 645.3872717332679, 429.00814002756783,
  108.63500554177944, 6.570249770319282, -0.0604244152148581,
];
const RB = [
  -0.0098649429247001, -0.799283237680523, -17.757954917754752, -160.63638485582192, -637.5664433683896,
  -1025.0951316110772, -483.5191916086514,
];
const SB = [
  1, 30.33806074348246, 325.7925129965739, 1536.729586084437, 3199.8582195085955, 2553.0504064331644,
  474.52854120695537, -22.44095244658582,
];

export function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 0.84375) {
    if (size < 2 ** -28) return x + EFX * x;
    const z = x * x;
    return x + x * (polynomial(PP, z) / polynomial(QQ, z));
  }
  if (size < 1.25) return withSign(ERX + nearOne(size), x);
  if (size >= 6) return withSign(1, x);
  return Number.isNaN(x) ? x : withSign(1 - tail(size) / size, x);
}

export function erfc(x: number): number {
  const size = Math.abs(x);
  if (size < 0.84375) {
    if (size < 2 ** -56) return 1 - x;
    const z = x * x;
    const y = polynomial(PP, z) / polynomial(QQ, z);
    // Above a quarter, 1 - x - x * y would lose a bit.
    return x < 0.25 ? 1 - (x + x * y) : 0.5 - (x * y + (x - 0.5));
  }
  if (size < 1.25) return x >= 0 ? 1 - ERX - nearOne(size) : 1 + (ERX + nearOne(size));
  if (size < 28) {
    if (x < -6) return 2;
    return x > 0 ? tail(size) / size : 2 - tail(size) / size;
  }
  return Number.isNaN(x) ? x : x > 0 ? 0 : 2;
}

function withSign(size: number, sign: number): number {
  return sign < 0 ? -size : size;
}

function nearOne(size: number): number {
  const s = size - 1;
  return polynomial(PA, s) / polynomial(QA, s);
}

/** x * erfc(x) for x >= 1.25. */
function tail(x: number): number {
  const s = 1 / (x * x);
  const ratio = x < 1 / 0.35 ? polynomial(RA, s) / polynomial(SA, s) : polynomial(RB, s) / polynomial(SB, s);
  // A rounded square would be multiplied by the exponential, so x^2 is taken as z^2 + (x - z)(x + z) with z^2 exact.
  const z = upperHalf(x);
  return Math.exp(-z * z - 0.5625) * Math.exp((z - x) * (z + x) + ratio);
}

const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);
const LOW_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** x without the lower 32 bits of its fraction. */
function upperHalf(x: number): number {
  DOUBLE[0] = x;
  WORDS[LOW_WORD] = 0;
  return DOUBLE[0]!;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = coefficients[coefficients.length - 1]!;
  for (let i = coefficients.length - 2; i >= 0; i--) sum = coefficients[i]! + sum * x;
  return sum;
}
