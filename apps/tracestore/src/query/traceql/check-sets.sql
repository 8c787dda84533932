-- Returns whether a metrics query has no answer, because a pipeline within parentheses has several sets of spans.
-- :traces     see whole-traces.sql.
-- :relations  the stages of the pipeline, see stages.sql.
-- :side_is_grouped       whether a side of an operator has several sets.
-- :aggregate_is_grouped  whether an aggregate is that of several sets.
WITH
:traces,
:relations
SELECT :side_is_grouped AS side_is_grouped, :aggregate_is_grouped AS aggregate_is_grouped
