export { makeCharacter, type Outcome, type World } from './character-trial.js';
export { FixedClock, FixedRandomness, FixedSwitches } from './fixed-world.js';
export { recordSpans, type RecordedSpan, type SpanRecorder } from './span-recorder.js';
export { type ScriptedResponse, startUpstream, type Upstream } from './upstream.js';
