/** A number for people who read a reason: four significant digits, which is more than a metric deserves. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** "1st", "2nd", "3rd", "4th", "11th". */
export function ordinal(place: number): string {
  const tens = place % 100;
  const ending = tens >= 11 && tens <= 13 ? undefined : ['st', 'nd', 'rd'][(place % 10) - 1];
  return `${place}${ending ?? 'th'}`;
}
