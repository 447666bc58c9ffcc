package io.lakeloop.feedback;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.sort_array;
import static org.apache.spark.sql.functions.struct;

import io.lakeloop.agreement.LabelCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Gathers the labels of one question, item by item. */
public final class ItemLabels {
  private ItemLabels() {}

  /**
   * Counts how often each pattern of labels occurs; what is collected is bounded by the number of
   * different patterns.
   *
   * @param labels rows of labels, of one question
   */
  public static LabelCounts counts(Dataset<Row> labels) {
    Dataset<Row> perItem =
        labels
            .groupBy("item_id", "value")
            .agg(count("*").as("n"))
            .groupBy("item_id")
            .agg(sort_array(collect_list(struct(col("value"), col("n")))).as("pattern"));
    List<Row> patterns =
        perItem.groupBy("pattern").agg(count("*").as("items")).orderBy("pattern").collectAsList();
    TreeSet<String> values = new TreeSet<>();
    patterns.forEach(row -> row.<Row>getList(0).forEach(cell -> values.add(cell.getString(0))));
    Map<String, Integer> index = new TreeMap<>();
    values.forEach(value -> index.put(value, index.size()));
    List<LabelCounts.Pattern> counts = new ArrayList<>();
    for (Row row : patterns) {
      int[] pattern = new int[index.size()];
      row.<Row>getList(0)
          .forEach(cell -> pattern[index.get(cell.getString(0))] = (int) cell.getLong(1));
      counts.add(new LabelCounts.Pattern(pattern, row.getLong(1)));
    }
    return LabelCounts.of(index.size(), counts);
  }
}
