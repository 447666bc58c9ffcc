package io.lakeloop.feedback.logs;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.feedback.duplicates.Duplicates;
import io.lakeloop.table.PackedRows;
import io.lakeloop.text.MinHash;
import io.lakeloop.text.Pseudonyms;
import io.lakeloop.text.QualityRules;
import io.lakeloop.text.Redactor;
import io.lakeloop.text.TextCleaner;
import io.lakeloop.text.personal.PersonalDataFinder;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.unsafe.types.UTF8String;

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

  /** What keys of messages begin with that are understood only beside one another. */
  private static final String LINKED = "linked|";

  /** And keys of conversations in which personal data was found. */
  private static final String PERSONAL = "personal|";

  private static final int KEY = Turn.SCHEMA.fieldIndex("conversation_key");
  private static final int RAW_PAYLOAD = Turn.SCHEMA.fieldIndex("raw_payload");

  private final Settings settings;

  public LogCleaner(Settings settings) {
    this.settings = settings;
  }

  /** What cleaning makes of raw records; closing lets go of what Spark kept of them. */
  public record Cleaned(Dataset<Row> rows, List<JavaRDD<InternalRow>> kept)
      implements AutoCloseable {
    @Override
    public void close() {
      kept.forEach(JavaRDD::unpersist);
    }
  }

  /** What one task works with. */
  private final class Tools {
    private final PackedRows rows = new PackedRows(Turn.SCHEMA);
    private final RecordReader reader = new RecordReader(new Pseudonyms(settings.subjectKey()));
    private final PersonalDataFinder finder =
        new PersonalDataFinder(settings.personalData(), settings.names().open());
    private final TurnCleaner cleaner =
        new TurnCleaner(
            new QualityRules(settings.quality()),
            settings.drop(),
            settings.duplicates().near()
                ? new MinHash(settings.duplicates().unit(), settings.duplicates().ngram())
                : null,
            new TextCleaner(new TextCleaner.Settings(false, settings.subjectKey()), finder));
  }

  /**
   * Cleans raw records.
   *
   * @param raw rows of interactions_raw
   * @return columns of interactions (duplicate_of still null), and of Quarantine
   */
  public Cleaned clean(Dataset<Row> raw) {
    SparkSession spark = raw.sparkSession();
    JavaRDD<InternalRow> alone =
        PackedRows.of(raw.selectExpr(RecordReader.Raw.COLUMNS.toArray(String[]::new)))
            .mapPartitions(this::alone)
            .persist(StorageLevel.MEMORY_AND_DISK());
    Dataset<Row> turns = PackedRows.dataset(spark, alone, Turn.SCHEMA);
    JavaRDD<InternalRow> together =
        PackedRows.of(
                turns
                    .where(col("conversation_key").isNotNull())
                    .repartition(col("conversation_key"))
                    .sortWithinPartitions("conversation_key", "record_id"))
            .mapPartitions(this::together)
            .persist(StorageLevel.MEMORY_AND_DISK());
    return new Cleaned(
        turns
            .where(col("conversation_key").isNull())
            .union(PackedRows.dataset(spark, together, Turn.SCHEMA)),
        List.of(together, alone));
  }

  private Iterator<InternalRow> alone(Iterator<InternalRow> rows) {
    Tools tools = new Tools();
    return new Flattened<>(rows, row -> alone(RecordReader.Raw.of(row), tools));
  }

  /**
   * The turns of one record as if it were all of its conversation. Where others may tell how its
   * personal data is to be numbered, its first turn carries the record along.
   */
  private static List<InternalRow> alone(RecordReader.Raw raw, Tools tools) {
    LogRecord record = LogRecord.parse(raw.payload());
    String key = MessageTree.key(raw.format(), record.node());
    if (raw.format().needsOthers(record.node())) {
      Turn turn = raw.turn();
      raw.defer(turn, LINKED + (key == null ? raw.sourceFile() : key));
      return pack(List.of(turn), tools);
    }
    List<Turn> turns = tools.reader.turns(raw, record);
    Redactor redactor = new Redactor(tools.finder);
    boolean personal = false;
    for (Turn turn : turns) {
      personal |= !turn.isRefused() && tools.cleaner.finish(turn, redactor);
    }
    if (personal && key != null) {
      turns.forEach(turn -> turn.set("conversation_key", PERSONAL + key));
      raw.defer(turns.get(0), PERSONAL + key);
    }
    return pack(turns, tools);
  }

  private static List<InternalRow> pack(List<Turn> turns, Tools tools) {
    return turns.stream().map(turn -> tools.rows.pack(turn.cells())).toList();
  }

  /** Rows sorted by conversation, one conversation after the other. */
  private Iterator<InternalRow> together(Iterator<InternalRow> rows) {
    Tools tools = new Tools();
    return new Flattened<>(new Conversations(rows), rowsOfOne -> conversation(rowsOfOne, tools));
  }

  private static List<InternalRow> conversation(List<InternalRow> rows, Tools tools) {
    List<RecordReader.Raw> raws =
        rows.stream()
            .filter(row -> !row.isNullAt(RAW_PAYLOAD))
            .map(LogCleaner::carried)
            .sorted(
                Comparator.comparing(RecordReader.Raw::sourceFile)
                    .thenComparing(RecordReader.Raw::line))
            .toList();
    boolean linked = PackedRows.text(rows.get(0), KEY).startsWith(LINKED);
    if (raws.size() == 1 && !linked) {
      return rows;
    }
    List<LogRecord> records = raws.stream().map(raw -> LogRecord.parse(raw.payload())).toList();
    List<Turn> turns = new ArrayList<>();
    if (linked) {
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
    return pack(turns, tools);
  }

  /** The record that a turn carries along. */
  private static RecordReader.Raw carried(InternalRow turn) {
    Object[] cells = new Object[RecordReader.Raw.COLUMNS.size()];
    for (int i = 0; i < cells.length; i++) {
      String column = RecordReader.Raw.COLUMNS.get(i);
      int place = Turn.SCHEMA.fieldIndex(column.equals("payload") ? "raw_payload" : column);
      cells[i] = turn.get(place, Turn.SCHEMA.fields()[place].dataType());
    }
    return RecordReader.Raw.of(new GenericInternalRow(cells));
  }

  /** Runs of rows with the same conversation_key. */
  private static final class Conversations implements Iterator<List<InternalRow>> {
    private final Iterator<InternalRow> rows;
    private InternalRow ahead;

    Conversations(Iterator<InternalRow> rows) {
      this.rows = rows;
      this.ahead = rows.hasNext() ? rows.next().copy() : null;
    }

    @Override
    public boolean hasNext() {
      return ahead != null;
    }

    @Override
    public List<InternalRow> next() {
      List<InternalRow> group = new ArrayList<>();
      UTF8String key = ahead.getUTF8String(KEY);
      while (ahead != null && ahead.getUTF8String(KEY).equals(key)) {
        group.add(ahead);
        ahead = rows.hasNext() ? rows.next().copy() : null;
      }
      return group;
    }
  }

  /** Lists one after the other, each made when it is its turn. */
  private static final class Flattened<T> implements Iterator<InternalRow> {
    private final Iterator<T> source;
    private final Function<T, List<InternalRow>> each;
    private Iterator<InternalRow> current = Collections.emptyIterator();

    Flattened(Iterator<T> source, Function<T, List<InternalRow>> each) {
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
    public InternalRow next() {
      hasNext();
      return current.next();
    }
  }
}
