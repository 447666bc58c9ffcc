package io.lakeloop.feedback.preferences

import io.lakeloop.feedback.preferences.PreferenceSettings.{Signals, Ties}
import io.lakeloop.jobs.SharedSpark
import io.lakeloop.table.PreferencesTables
import org.apache.spark.sql.functions.lit
import org.apache.spark.sql.{DataFrame, Row}
import org.scalatest.funspec.AnyFunSpec
import org.scalatest.matchers.should.Matchers
import scala.collection.JavaConverters._

class PreferenceBuilderSpec extends AnyFunSpec with Matchers {
  private lazy val spark = SharedSpark.session
  private lazy val messages = PreferencesTables.PREFERENCES.schema()("messages").dataType

  private def sql(rows: String): DataFrame = spark.sql(s"SELECT * FROM VALUES $rows")

  /** Items of their prompts alone, as those before conversations were kept. */
  private lazy val queue = sql("""
    ('i1', 'r', 'p1', 'a1', 'b1', 'x1', 'x2', false, CAST(NULL AS STRING), 'orbit'),
    ('i2', 'r', 'p2', 'a2', 'b2', 'x3', 'x4', false, NULL, 'orbit'),
    ('i3', 'r', 'p3', 'a3', 'b3', 'x5', 'x6', false, NULL, 'orbit')
    AS t(item_id, run_id, prompt, completion_a, completion_b, interaction_a, interaction_b,
         is_gold, repeat_of, product)""")
    .withColumn("messages", lit(null).cast(messages))

  private lazy val consensus = sql("""
    ('i1', 0.8D, map('a', 0.8D, 'b', 0.2D, 'tie', 0.0D), 3L),
    ('i2', 0.6D, map('a', 0.1D, 'b', 0.6D, 'tie', 0.3D), 3L),
    ('i3', 0.7D, map('a', 0.1D, 'b', 0.2D, 'tie', 0.7D), 3L)
    AS t(item_id, probability, probabilities, labels)""")

  private lazy val labels = sql("""
    ('i1', 'r1', array('unsafe')), ('i1', 'r2', CAST(NULL AS ARRAY<STRING>)),
    ('i2', 'r2', NULL), ('i3', 'r2', NULL)
    AS t(item_id, rater_id, reasons)""")

  private lazy val skill = sql("('r1', 0.9D), ('r2', 0.5D) AS t(rater_id, value)")

  private lazy val interactions = sql("""
    ('x1', 'c1', true, array('training'), true, 5, 1, false),
    ('x2', 'c2', true, array('training'), false, 3, 0, false),
    ('x3', 'c3', true, array('training'), NULL, NULL, 0, NULL),
    ('x4', 'c4', true, array('labeling'), NULL, NULL, 0, NULL),
    ('x5', 'c5', true, array('training'), NULL, NULL, 0, NULL),
    ('x6', 'c1', true, array('training'), NULL, NULL, 0, NULL)
    AS t(interaction_id, conversation_id, consent, consent_uses, task_completed, csat, thumb,
         escalated)""")

  private def settings(
      ties: Ties = Ties.DROP,
      signals: Signals = new Signals(0, 0, 0, 0),
      reasons: Map[String, String] = Map.empty,
      margin: Double = 0
  ) = new PreferenceSettings(
    false,
    true,
    ties,
    0.55,
    Map("a" -> "1", "tie" -> "0", "b" -> "-1").asJava,
    margin,
    signals,
    reasons.asJava
  )

  private def build(settings: PreferenceSettings): Map[String, Row] =
    PreferenceBuilder
      .scaled(
        new PreferenceBuilder(settings).build(queue, consensus, labels, skill, interactions)
      )
      .collect()
      .map(row => row.getAs[String]("item_id") -> row)
      .toMap

  describe("pairs") {
    it("carry the posterior, half of a tie's for each side") {
      val pairs = build(settings())
      pairs.keySet shouldBe Set("i1", "i2")
      pairs("i1").getAs[Double]("p_chosen") shouldBe 0.8 +- 1e-12
      pairs("i1").getAs[String]("chosen") shouldBe "a1"
      // p(a) = 0.1 + 0.15
      pairs("i2").getAs[Double]("p_chosen") shouldBe 0.75 +- 1e-12
      pairs("i2").getAs[String]("chosen") shouldBe "b2"
    }

    it("weigh by certainty and the raters' skill, with a mean of one") {
      val pairs = build(settings())
      val first = 0.8 * (0.9 + 0.5) / 2
      val second = 0.6 * 0.5
      pairs("i1").getAs[Double]("weight") / pairs("i2").getAs[Double]("weight") shouldBe
        first / second +- 1e-9
      pairs.values.map(_.getAs[Double]("weight")).sum / 2 shouldBe 1.0 +- 1e-6
      val unsafe = build(settings(reasons = Map("unsafe" -> "3")))
      unsafe("i1").getAs[Double]("weight") / unsafe("i2").getAs[Double]("weight") shouldBe
        3 * first / second +- 1e-9
    }

    it("keep ties as even, and take margins from grades") {
      val pairs = build(settings(ties = Ties.KEEP, margin = 2))
      pairs("i3").getAs[Double]("p_chosen") shouldBe 0.5
      pairs("i3").getAs[Double]("margin") shouldBe 0.0
      pairs("i1").getAs[Double]("margin") shouldBe 2 * 0.6 +- 1e-12
    }

    it("are moved by what the logs say, as log-odds") {
      val pairs = build(settings(signals = new Signals(1, 0.5, 0.25, -1)))
      // Completed against not: 1; CSAT 5 against 3: 0.5; a thumb: 0.25.
      val logit = math.log(0.8 / 0.2) + 1 + 0.5 + 0.25
      pairs("i1").getAs[Double]("p_chosen") shouldBe 1 / (1 + math.exp(-logit)) +- 1e-12
      pairs("i2").getAs[Double]("p_chosen") shouldBe 0.75 +- 1e-12
    }

    it("are left out where training is not allowed, and never tie the sides of the split") {
      val built = new PreferenceBuilder(settings(ties = Ties.KEEP))
        .build(queue, consensus, labels, skill, interactions)
      val allowed = new Provenance(interactions, spark.emptyDataFrame).allowed(built)
      allowed.select("item_id").collect().map(_.getString(0)).toSet shouldBe Set("i1", "i3")
      // i1 and i3 share the conversation c1: at most one side has pairs of it.
      for (share <- Seq(0.1, 0.5, 0.9)) {
        val sides = new ConversationSplit(share)
          .apply(allowed)
          .where("split IS NOT NULL")
          .select("split")
          .distinct()
          .count()
        sides shouldBe 1
      }
    }
  }
}
