package io.lakeloop.run;

import io.lakeloop.table.Table;
import java.util.List;

/**
 * A job with its name and its place in the loop.
 *
 * @param reads tables whose versions are pinned before work begins
 * @param writes tables in which the run owns a slice
 */
public record JobDefinition<C extends Record>(
    String name,
    String summary,
    Class<C> settings,
    Job<C> job,
    List<Table> reads,
    List<Table> writes) {}
