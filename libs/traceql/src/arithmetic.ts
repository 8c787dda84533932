/** Operations on constants, with the integers of 64 bits that TraceQL has. */
import type {
  ArithmeticOperator,
  BinaryOperator,
  ComparisonOperator,
  OrderOperator,
  Static,
  UnaryOperator,
} from './ast.js';
import { matchesRegex } from './regex.js';

/** A constant that is a number; durations count as nanoseconds. */
export type NumericStatic = Extract<Static, { readonly type: 'int' | 'float' | 'duration' }>;

export function isNumeric(value: Static): value is NumericStatic {
  return value.type === 'int' || value.type === 'float' || value.type === 'duration';
}

/**
 * Computes an operation on two constants.
 *
 * @returns undefined where there is no result: unlike types, an integer divided by zero, an invalid regular expression
 */
export function applyBinary(operator: BinaryOperator, left: Static, right: Static): Static | undefined {
  switch (operator) {
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return isNumeric(left) && isNumeric(right) ? applyArithmetic(operator, left, right) : undefined;
    case '&&':
    case '||': {
      if (left.type !== 'bool' || right.type !== 'bool') return undefined;
      return bool(operator === '&&' ? left.value && right.value : left.value || right.value);
    }
    default: {
      const result = compareStatics(operator, left, right);
      return result === undefined ? undefined : bool(result);
    }
  }
}

/** Computes `-x` or `!x`; undefined for another type. */
export function applyUnary(operator: UnaryOperator, operand: Static): Static | undefined {
  if (operator === '!') return operand.type === 'bool' ? bool(!operand.value) : undefined;
  if (operand.type === 'float') return { type: 'float', value: -operand.value };
  if (operand.type !== 'int' && operand.type !== 'duration') return undefined;
  return { type: operand.type, value: BigInt.asIntN(64, -operand.value) };
}

/** Computes arithmetic on numbers: integers stay integers and wrap around, everything else is a float. */
export function applyArithmetic(
  operator: ArithmeticOperator,
  left: NumericStatic,
  right: NumericStatic,
): NumericStatic | undefined {
  if (left.type === 'int' && right.type === 'int') {
    const value = integerArithmetic(operator, left.value, right.value);
    return value === undefined ? undefined : { type: 'int', value: BigInt.asIntN(64, value) };
  }
  return { type: 'float', value: floatArithmetic(operator, Number(left.value), Number(right.value)) };
}

/**
 * Compares two constants: numbers by value, strings by code points, everything else for equality.
 *
 * @returns undefined where types or operator do not fit
 */
export function compareStatics(operator: ComparisonOperator, left: Static, right: Static): boolean | undefined {
  if (operator === '=~' || operator === '!~') {
    if (left.type !== 'string' || right.type !== 'string') return undefined;
    const matches = matchesRegex(right.value, left.value);
    return matches === undefined ? undefined : matches === (operator === '=~');
  }
  if (isNumeric(left) && isNumeric(right)) {
    if (left.type !== 'float' && right.type !== 'float') return ordered(operator, left.value, right.value);
    return ordered(operator, Number(left.value), Number(right.value));
  }
  if (left.type !== right.type || left.type === 'nil' || right.type === 'nil') return undefined;
  if (left.type === 'string' && right.type === 'string')
    return ordered(operator, compareText(left.value, right.value), 0);
  if (operator === '=') return left.value === right.value;
  return operator === '!=' ? left.value !== right.value : undefined;
}

/** Compares texts by code points, which is the order of their bytes in UTF-8. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  for (let index = 0; ;) {
    const a = left.codePointAt(index) ?? -1;
    const b = right.codePointAt(index) ?? -1;
    if (a !== b) return a - b;
    index += a > 0xffff ? 2 : 1;
  }
}

function ordered<T extends bigint | number>(operator: OrderOperator, left: T, right: T): boolean {
  switch (operator) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

function integerArithmetic(operator: ArithmeticOperator, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0n ? undefined : left / right;
    case '%':
      return right === 0n ? undefined : left % right;
    case '^':
      return integerPower(left, right);
  }
}

/** Multiplies with wraparound; with a negative exponent the result is truncated. */
function integerPower(base: bigint, exponent: bigint): bigint | undefined {
  if (exponent < 0n) {
    if (base === 0n) return undefined;
    if (base === 1n) return 1n;
    if (base !== -1n) return 0n;
    return exponent % 2n === 0n ? 1n : -1n;
  }
  let result = 1n;
  let factor = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * factor);
    factor = BigInt.asIntN(64, factor * factor);
  }
  return result;
}

function floatArithmetic(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '^':
      return left ** right;
  }
}

function bool(value: boolean): Static {
  return { type: 'bool', value };
}
