package io.lakeloop.feedback.duplicates;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** What hangs together through others. */
public final class Components {
  private static final StructType SCHEMA =
      new StructType().add("node", DataTypes.LongType).add("component", DataTypes.LongType);

  private Components() {}

  /**
   * Finds the connected components of a graph.
   *
   * @param edges two columns of whole numbers: the nodes that are tied
   * @return node and component, which is the number of its first node, for every node but these
   *     first ones
   */
  public static Dataset<Row> of(Dataset<Row> edges) {
    int partitions = Math.max(1, edges.sparkSession().sparkContext().defaultParallelism());
    JavaRDD<long[]> blocks =
        edges
            .javaRDD()
            .mapPartitions(
                rows -> {
                  LongBlocks.Builder block = new LongBlocks.Builder();
                  rows.forEachRemaining(
                      row -> block.add(0, row.getLong(0), 0, 0, 0, row.getLong(1), 0, 0));
                  return List.of(block.block()).iterator();
                });
    JavaRDD<Row> ties =
        Clusters.of(new LongBlocks(2 * Clusters.Node.WIDTH, blocks), partitions)
            .blocks()
            .flatMap(Components::rows);
    return edges.sparkSession().createDataset(ties.rdd(), Encoders.row(SCHEMA));
  }

  private static Iterator<Row> rows(long[] block) {
    List<Row> rows = new ArrayList<>();
    int width = Clusters.Node.WIDTH;
    for (int at = 0; at < block.length; at += 2 * width) {
      rows.add(
          RowFactory.create(block[at + Clusters.Node.ID], block[at + width + Clusters.Node.ID]));
    }
    return rows.iterator();
  }
}
