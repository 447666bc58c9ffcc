package io.lakeloop.feedback.duplicates

import io.lakeloop.jobs.SharedSpark
import org.apache.spark.api.java.JavaSparkContext
import org.scalatest.funspec.AnyFunSpec
import org.scalatest.matchers.should.Matchers
import scala.collection.JavaConverters._
import scala.util.Random

/** Both ways to connected components, against what the edges were made from. */
class ClustersSpec extends AnyFunSpec with Matchers {
  private val width = Clusters.Node.WIDTH

  private def node(number: Long): Array[Long] = Array(number, number * 7919, number, -number)

  private def blocks(edges: Seq[(Long, Long)]): LongBlocks = {
    val context = JavaSparkContext.fromSparkContext(SharedSpark.session.sparkContext)
    val parts = edges.grouped(50).map(_.flatMap { case (a, b) => node(a) ++ node(b) }.toArray).toSeq
    new LongBlocks(2 * width, context.parallelize(parts.asJava, 3))
  }

  private def firsts(ties: LongBlocks): Map[Long, Long] = ties
    .blocks()
    .collect()
    .asScala
    .flatMap(_.grouped(2 * width))
    .map(tie => tie(0) -> tie(width))
    .toMap

  describe("clusters") {
    val random = new Random(3)
    // A chain of 150, a star of 60, and 200 pairs, in any order and direction.
    val chain = (0L until 149L).map(i => (i, i + 1))
    val star = (1001L until 1060L).map(i => (1030L, i)) :+ ((1030L, 1000L))
    val pairs = (0L until 200L).map(i => (5000 + 2 * i, 5001 + 2 * i))
    val edges = random.shuffle((chain ++ star ++ pairs).map {
      case (a, b) if random.nextBoolean() => (b, a)
      case edge                           => edge
    })
    val expected = ((1L until 150L).map(_ -> 0L) ++ (1001L until 1060L).map(_ -> 1000L) ++
      (0L until 200L).map(i => (5001 + 2 * i) -> (5000 + 2 * i))).toMap

    it("are united by one task") {
      firsts(Clusters.of(blocks(edges), 2)) shouldBe expected
    }

    it("are the same by stars") {
      firsts(Clusters.byStars(blocks(edges), 2)) shouldBe expected
    }
  }
}
