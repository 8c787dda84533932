-- What is asked of the spans of this pass next is about these traces alone: $1, an array as text.
SELECT set_config('tracestore.pass_endless', $1, true);
