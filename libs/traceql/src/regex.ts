/** Regular expressions of RE2, the syntax of TraceQL: linear time, no look-around, no back-references. */
import { RE2JS } from 're2js';
import { maxRegexSize } from './limits.js';
import { regexSize } from './regex-size.js';

/** Whether RE2 takes the expression, within the bound on its size. */
export function isValidRegex(pattern: string): boolean {
  return compile(pattern) !== undefined;
}

/** Whether the expression matches the whole text; `.` matches a line break. Undefined if the expression is invalid. */
export function matchesRegex(pattern: string, text: string): boolean | undefined {
  return compile(pattern)?.testExact(text);
}

function compile(pattern: string): RE2JS | undefined {
  if (regexSize(pattern) > maxRegexSize) return undefined;
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch {
    return undefined;
  }
}
