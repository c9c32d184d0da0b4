// How numbers are shown: in full as Python's repr, and short as its format ".4g".

function repr(number) {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  if (number === 0) return Object.is(number, -0) ? "-0.0" : "0.0";
  const [digits, exponent] = number.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${digits}e${sign(power)}`;
  const plain = String(number);
  if (plain.includes("e")) return number.toFixed(digits.replace(/[-.]/g, "").length - 1 - power);
  return plain.includes(".") ? plain : `${plain}.0`;
}

function short(number, digits = 4) {
  if (!Number.isFinite(number) || number === 0) return repr(number).replace(/\.0$/, "");
  const [mantissa, exponent] = number.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power < -4 || power >= digits) return `${withoutZeros(mantissa)}e${sign(power)}`;
  return withoutZeros(number.toFixed(digits - 1 - power));
}

function withoutZeros(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function sign(power) {
  return (power < 0 ? "-" : "+") + String(Math.abs(power)).padStart(2, "0");
}

// A number in a formula has a minus sign of its own. It is in parentheses where it would be read as an operator.
function plainInFormula(number) {
  return short(number, 6).replace(/^-/, "−");
}

function inFormula(number) {
  const text = plainInFormula(number);
  return text.startsWith("−") ? `(${text})` : text;
}

function counted(count, what, several = `${what}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? what : several}`;
}
