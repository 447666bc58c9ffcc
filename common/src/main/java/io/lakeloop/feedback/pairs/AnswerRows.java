package io.lakeloop.feedback.pairs;

import static org.apache.spark.sql.functions.col;

import io.lakeloop.chat.Conversation;
import io.lakeloop.feedback.Payload;
import io.lakeloop.feedback.Refusal;
import io.lakeloop.table.Messages;
import io.lakeloop.text.TextCleaner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Rows of records, some of which are pairs, and some answers with scores of their own that become
 * pairs beside others to the same prompt.
 */
final class AnswerRows {
  private static final int MOST_PAIRS = 1000;

  /** {@link Pair#SCHEMA}, and what an answer waits with: its prompt's key, score and record. */
  static final StructType SCHEMA =
      Pair.SCHEMA
          .add("answered", DataTypes.StringType)
          .add("score", DataTypes.DoubleType)
          .add("record", DataTypes.StringType);

  private static final int WIDTH = Pair.SCHEMA.size();
  private static final int MESSAGES = Pair.SCHEMA.fieldIndex("messages");
  private static final int PROMPT = Pair.SCHEMA.fieldIndex("prompt");
  private static final int FORM = Pair.SCHEMA.fieldIndex("form");
  private static final int CHOSEN = Pair.SCHEMA.fieldIndex("chosen");

  private AnswerRows() {}

  /**
   * The row of a pair, or of a record that is refused.
   *
   * @param form that the record was taken for, or null
   */
  static Row alone(Row pair, String form) {
    return RowFactory.create(cells(pair, form, SCHEMA.size()));
  }

  private static Object[] cells(Row pair, String form, int width) {
    Object[] cells = new Object[width];
    for (int i = 0; i < WIDTH; i++) {
      cells[i] = pair.get(i);
    }
    cells[FORM] = form;
    return cells;
  }

  /** The row of an answer that waits for others. */
  static Row together(String file, long line, ScoredAnswer answer, String form, String record) {
    Object[] cells = new Object[SCHEMA.size()];
    cells[0] = file;
    cells[1] = line;
    cells[MESSAGES] = Messages.rows(answer.before());
    cells[PROMPT] = answer.before().prompt();
    cells[CHOSEN] = answer.completion();
    cells[FORM] = form;
    cells[WIDTH] = Messages.key(answer.before());
    cells[WIDTH + 1] = answer.score();
    cells[WIDTH + 2] = record;
    return RowFactory.create(cells);
  }

  /** Rows of {@link Pair#SCHEMA}. */
  static Dataset<Row> paired(Dataset<Row> rows, PairReader.Reading reading) {
    String[] names = Pair.SCHEMA.fieldNames();
    Dataset<Row> alone =
        rows.where("answered IS NULL")
            .select(
                Arrays.stream(names)
                    .map(org.apache.spark.sql.functions::col)
                    .toArray(org.apache.spark.sql.Column[]::new));
    boolean mayWait =
        reading.format() == null
            || reading.format() == PairFormat.UNPAIRED
            || reading.format() == PairFormat.HELPSTEER2;
    if (!mayWait) {
      return alone;
    }
    Dataset<Row> together =
        rows.where("answered IS NOT NULL")
            .repartition(col("answered"))
            .sortWithinPartitions("answered", "source_file", "line")
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>) part -> pairs(part, reading),
                Encoders.row(Pair.SCHEMA));
    return alone.union(together);
  }

  private static Iterator<Row> pairs(Iterator<Row> rows, PairReader.Reading reading) {
    TextCleaner cleaner = new TextCleaner(reading.cleaning());
    List<Row> made = new ArrayList<>();
    List<Row> group = new ArrayList<>();
    while (rows.hasNext()) {
      Row row = rows.next();
      if (!group.isEmpty() && !group.get(0).getString(WIDTH).equals(row.getString(WIDTH))) {
        made.addAll(ofOnePrompt(group, reading, cleaner));
        group.clear();
      }
      group.add(row);
    }
    if (!group.isEmpty()) {
      made.addAll(ofOnePrompt(group, reading, cleaner));
    }
    return made.iterator();
  }

  private static List<Row> ofOnePrompt(
      List<Row> group, PairReader.Reading reading, TextCleaner cleaner) {
    Row first = group.get(0);
    Conversation before = Messages.read(first.getList(MESSAGES), first.getString(PROMPT));
    List<Row> sorted = new ArrayList<>(group);
    sorted.sort(Comparator.comparingDouble(row -> -score(row)));
    List<Row> made = new ArrayList<>();
    boolean[] used = new boolean[sorted.size()];
    int worse = 0;
    for (int better = 0; better < sorted.size() && made.size() < MOST_PAIRS; better++) {
      // All from here on have a lower score.
      while (worse < sorted.size() && score(sorted.get(worse)) == score(sorted.get(better))) {
        worse++;
      }
      for (int i = worse; i < sorted.size() && made.size() < MOST_PAIRS; i++) {
        used[better] = true;
        used[i] = true;
        Row chosen = sorted.get(better);
        Row pair =
            Pair.of(before, chosen.getString(CHOSEN), sorted.get(i).getString(CHOSEN))
                .withMargin((score(chosen) - score(sorted.get(i))) * reading.marginPerScore())
                .row(chosen.getString(0), chosen.getLong(1), record(chosen), cleaner);
        made.add(RowFactory.create(cells(pair, chosen.getString(FORM), WIDTH)));
      }
    }
    Refusal refusal =
        new Refusal(
            Refusal.UNPAIRED,
            made.size() < MOST_PAIRS
                ? "no other answer to the same prompt has another score"
                : "its prompt has given " + MOST_PAIRS + " pairs already");
    for (int i = 0; i < used.length; i++) {
      if (!used[i]) {
        Row row = sorted.get(i);
        made.add(Pair.refused(row.getString(0), row.getLong(1), refusal, record(row)));
      }
    }
    return made;
  }

  private static double score(Row row) {
    return row.getDouble(WIDTH + 1);
  }

  private static Payload record(Row row) {
    return new Payload(row.getString(WIDTH + 2));
  }
}
