package io.lakeloop.table;

import java.util.List;
import java.util.stream.Stream;

/** Every table of the lake. */
public final class Catalogue {
  private static final List<Table> TABLES =
      Stream.of(
              FeedbackTables.all(),
              LabelingTables.all(),
              PreferencesTables.all(),
              TrainingTables.all(),
              EvaluationTables.all(),
              RegistryTables.all(),
              LedgerTables.all(),
              RetentionTables.all())
          .flatMap(List::stream)
          .toList();

  private Catalogue() {}

  public static List<Table> tables() {
    return TABLES;
  }
}
