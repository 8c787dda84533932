/** What a language model needs to write TraceQL, in few words. docs/traceql.md is the reference. */
export const traceqlGuide = `TraceQL selects spans with conditions in braces, and combines and counts what it has selected.

Fields
- Attributes have a scope: span.http.route, resource.service.name, event.exception.type, link.x, instrumentation.x. A name after a
  dot alone (.user) is that of the span, or of its resource. Unusual names are quoted: span."foo bar".
- Intrinsics: name, status (error, ok, unset), statusMessage, kind (server, client, producer, consumer, internal), duration,
  traceDuration, rootName, rootServiceName, span:id, trace:id, span:parentID, event:name, nestedSetParent (-1 at a root).

Conditions
- = != < <= > >= =~ !~, && and ||, and arithmetic. Texts are in double quotes, durations are 100ms or 1h30m, regular expressions
  match the whole text. && and || have one precedence: use parentheses. x != nil asks whether a field is there.

Searches
- { resource.service.name = "frontend" && status = error }
- { kind = server } >> { status = error }     descendants; > child, ~ sibling, << ancestor, < parent, with ! before: not so related
- { .a } && { .b }                            traces that have both kinds of spans
- { status = error } | by(resource.service.name) | count() > 3
- { duration > 1s } | select(span.user, name)
- {} | quantile(duration, 0.9) > 1s           also count, min, max, avg, sum, count_distinct
- with(order=slowest) after a search: the slowest traces first, otherwise the newest

Metrics
- { status = error } | rate() by(resource.service.name)
- {} | quantile_over_time(duration, 0.5, 0.99) by(name)      seconds
- count_over_time, min_over_time, max_over_time, avg_over_time, sum_over_time, histogram_over_time; topk(5) and > 10 after them
- ({ status = error } | rate()) / ({} | rate()) * 100
- {} | compare({ status = error })            which values the failed spans have more often than the others
`;
