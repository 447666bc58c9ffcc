package io.lakeloop.feedback.logs;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.feedback.duplicates.Duplicates;
import io.lakeloop.text.MinHash;
import io.lakeloop.text.Pseudonyms;
import io.lakeloop.text.QualityRules;
import io.lakeloop.text.Redactor;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;

/**
 * Turns raw records into interactions. A person's e-mail address becomes the same placeholder in
 * every turn of a conversation; only records in which personal data was found, or which need others
 * to be understood, are brought together by conversation for that, since the rest says the same
 * alone.
 */
public final class LogCleaner implements Serializable {
  /** What is done to a record, but for duplicates, which are a matter between records. */
  public record Settings(
      byte[] subjectKey,
      PersonalDataFinder.Settings personalData,
      RecogniserSource names,
      QualityRules.Settings quality,
      List<String> drop,
      Duplicates.Settings duplicates)
      implements Serializable {}

  /** Opens recognisers of names and addresses where the work is done. */
  @FunctionalInterface
  public interface RecogniserSource extends Serializable {
    /** The recognisers of this JVM. */
    List<io.lakeloop.text.personal.Recogniser> open();
  }

  private final Settings settings;

  public LogCleaner(Settings settings) {
    this.settings = settings;
  }

  /** What cleaning makes of raw records; closing lets go of what Spark kept of them. */
  public record Cleaned(Dataset<Row> rows, List<Dataset<Row>> kept) implements AutoCloseable {
    @Override
    public void close() {
      kept.forEach(Dataset::unpersist);
    }
  }

  /** What one task works with. */
  private final class Tools {
    private final RecordReader reader = new RecordReader(new Pseudonyms(settings.subjectKey()));
    private final PersonalDataFinder finder =
        new PersonalDataFinder(settings.personalData(), settings.names().open());
    private final TurnCleaner cleaner =
        new TurnCleaner(
            new QualityRules(settings.quality()),
            settings.drop(),
            settings.duplicates().near()
                ? new MinHash(settings.duplicates().unit(), settings.duplicates().ngram())
                : null);
  }

  /**
   * Cleans raw records.
   *
   * @param raw rows of interactions_raw
   * @return columns of interactions (duplicate_of still null), and of Quarantine
   */
  public Cleaned clean(Dataset<Row> raw) {
    Dataset<Row> turns =
        raw.select(
                "record_id",
                "source_system",
                "source_file",
                "line",
                "payload",
                "format",
                "consent_default",
                "received_at")
            .mapPartitions((MapPartitionsFunction<Row, Row>) this::alone, Encoders.row(Turn.SCHEMA))
            .persist(StorageLevel.MEMORY_AND_DISK());
    Dataset<Row> together =
        turns
            .where(col("conversation_key").isNotNull())
            .select(
                "record_id",
                "source_system",
                "source_file",
                "line",
                "payload",
                "format",
                "consent_default",
                "received_at",
                "conversation_key")
            .repartition(col("conversation_key"))
            .sortWithinPartitions("conversation_key")
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>) this::together, Encoders.row(Turn.SCHEMA))
            .persist(StorageLevel.MEMORY_AND_DISK());
    return new Cleaned(
        turns.where(col("conversation_key").isNull()).union(together), List.of(together, turns));
  }

  private Iterator<Row> alone(Iterator<Row> rows) {
    Tools tools = new Tools();
    return new Flattened<>(rows, row -> alone(RecordReader.Raw.of(row), tools));
  }

  private static List<Row> alone(RecordReader.Raw raw, Tools tools) {
    LogRecord record = LogRecord.parse(raw.payload());
    String key = Conversation.key(raw.format(), record.node());
    if (raw.format().needsOthers(record.node())) {
      return List.of(raw.deferred("file|" + (key == null ? raw.sourceFile() : key)).row());
    }
    List<Turn> turns = tools.reader.turns(raw, record);
    Redactor redactor = new Redactor(tools.finder);
    boolean personal = false;
    for (Turn turn : turns) {
      personal |= !turn.isRefused() && tools.cleaner.finish(turn, redactor);
    }
    if (personal && key != null) {
      return List.of(raw.deferred("conversation|" + key).row());
    }
    return turns.stream().map(Turn::row).toList();
  }

  /** Rows sorted by conversation, one conversation after the other. */
  private Iterator<Row> together(Iterator<Row> rows) {
    Tools tools = new Tools();
    return new Flattened<>(
        new Grouped(rows),
        group -> conversation(group.stream().map(RecordReader.Raw::of).toList(), tools));
  }

  private static List<Row> conversation(List<RecordReader.Raw> unsorted, Tools tools) {
    List<RecordReader.Raw> raws =
        unsorted.stream()
            .sorted(
                Comparator.comparing(RecordReader.Raw::sourceFile)
                    .thenComparing(RecordReader.Raw::line))
            .toList();
    List<LogRecord> records = raws.stream().map(raw -> LogRecord.parse(raw.payload())).toList();
    List<Turn> turns = new ArrayList<>();
    if (raws.get(0).format().needsOthers(records.get(0).node())) {
      turns.addAll(tools.reader.linked(raws, records));
    } else {
      for (int i = 0; i < raws.size(); i++) {
        turns.addAll(tools.reader.turns(raws.get(i), records.get(i)));
      }
    }
    Redactor redactor = new Redactor(tools.finder);
    turns.stream()
        .filter(turn -> !turn.isRefused())
        .sorted(
            Comparator.comparing((Turn turn) -> (Integer) turn.get("turn"))
                .thenComparing(turn -> turn.text("record_id")))
        .forEach(turn -> tools.cleaner.finish(turn, redactor));
    return turns.stream().map(Turn::row).toList();
  }

  /** Runs of rows with the same conversation_key. */
  private static final class Grouped implements Iterator<List<Row>> {
    private static final int KEY = 8;
    private final Iterator<Row> rows;
    private Row ahead;

    Grouped(Iterator<Row> rows) {
      this.rows = rows;
      this.ahead = rows.hasNext() ? rows.next() : null;
    }

    @Override
    public boolean hasNext() {
      return ahead != null;
    }

    @Override
    public List<Row> next() {
      List<Row> group = new ArrayList<>();
      String key = ahead.getString(KEY);
      while (ahead != null && ahead.getString(KEY).equals(key)) {
        group.add(ahead);
        ahead = rows.hasNext() ? rows.next() : null;
      }
      return group;
    }
  }

  /** Lists one after the other, each made when it is its turn. */
  private static final class Flattened<T> implements Iterator<Row> {
    private final Iterator<T> source;
    private final Function<T, List<Row>> each;
    private Iterator<Row> current = List.<Row>of().iterator();

    Flattened(Iterator<T> source, Function<T, List<Row>> each) {
      this.source = source;
      this.each = each;
    }

    @Override
    public boolean hasNext() {
      while (!current.hasNext() && source.hasNext()) {
        current = each.apply(source.next()).iterator();
      }
      return current.hasNext();
    }

    @Override
    public Row next() {
      return hasNext() ? current.next() : List.<Row>of().iterator().next();
    }
  }
}
