package io.lakeloop.jobs

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import java.nio.file.{Files, Path, Paths}
import org.apache.spark.sql.Row
import scala.collection.JavaConverters._

/** The published values of agreement, through ingest-labels and labeler-agreement on the tables:
  * one question per data set, so that one run computes all of them.
  */
class PublishedAgreementSpec extends LoopSpec {
  private val reference: Path = Paths.get("..", "..", "shared", "reference", "agreement")
  private val mapper = new ObjectMapper()

  private def vectors: Seq[JsonNode] =
    Files
      .readAllLines(reference.resolve("vectors.jsonl"))
      .asScala
      .map(mapper.readTree)
      .filter(v => !v.has("note") && v.path("recomputed_ok").asBoolean(true))

  private def datasets: JsonNode = mapper.readTree(reference.resolve("datasets.json").toFile)

  /** Labels (item, rater, value) of a data set, whatever its form. */
  private def labels(dataset: JsonNode): Seq[(String, String, String)] = {
    val categories = dataset.path("categories").elements().asScala.map(_.asText).toSeq
    dataset.get("kind").asText match {
      case "long" =>
        dataset
          .get("rows")
          .asScala
          .toSeq
          .map(r => (r.get(1).asText, r.get(0).asText, r.get(2).asText))
      case "contingency" =>
        val pairs = for {
          (row, k) <- dataset.get("rows").asScala.toSeq.zipWithIndex
          (cell, l) <- row.asScala.toSeq.zipWithIndex
          _ <- 0 until cell.asInt
        } yield (categories(k), categories(l))
        pairs.zipWithIndex.flatMap { case ((first, second), i) =>
          Seq((s"i$i", "r1", first), (s"i$i", "r2", second))
        }
      case "distribution" =>
        dataset.get("rows").asScala.toSeq.zipWithIndex.flatMap { case (row, i) =>
          val values = row.asScala.toSeq.zip(categories).flatMap { case (n, c) =>
            Seq.fill(n.asInt)(c)
          }
          values.zipWithIndex.map { case (value, r) => (s"i$i", s"r$r", value) }
        }
      case _ =>
        for {
          (item, i) <- dataset.get("items").asScala.toSeq.zipWithIndex
          (value, r) <- item.asScala.toSeq.zipWithIndex
          if !value.isNull
        } yield (s"i$i", s"r$r", value.asText)
    }
  }

  private val coefficients = Map(
    "Percentage" -> "percent_agreement",
    "PercentAgreement" -> "percent_agreement",
    "BennettS" -> "brennan_prediger",
    "BrennanPrediger" -> "brennan_prediger",
    "CohenKappa" -> "cohen_kappa",
    "WeightedKappa" -> "cohen_kappa",
    "CongerKappa" -> "conger_kappa",
    "FleissKappa" -> "fleiss_kappa",
    "GwetAC" -> "gwet_ac",
    "GwetAC1" -> "gwet_ac",
    "KrippendorffAlpha" -> "krippendorff_alpha",
    "RandolphKappa" -> "randolph_kappa",
    "ScottPi" -> "scott_pi",
    "BangdiwalaB" -> "bangdiwala_b"
  )

  /** What a vector's distance is called here. */
  private def weights(vector: JsonNode): String = {
    val krippendorffs =
      vector.get("measure").asText == "KrippendorffAlpha" &&
        !vector.get("source").asText.contains("irrCAC")
    vector.path("distance").asText("identity") match {
      case "nominal" | "null"         => "identity"
      case "interval"                 => "quadratic"
      case "ordinal" if krippendorffs => "krippendorff_ordinal"
      case other                      => other
    }
  }

  /** The tables of one run, collected once. */
  private class Tables(lake: TestLake, run: String) {
    private def rows(table: String): Seq[Row] =
      lake.table(table).where(s"run_id = '$run'").collect().toSeq
    private val agreement =
      rows("labeler_agreement").filter(_.getAs[String]("slice_kind") == "all")
    private val quality = rows("labeler_quality")
    private val metrics = rows("training_metrics")

    def coefficient(
        dataset: String,
        name: String,
        weights: String = "identity",
        category: String = null
    ): Row = {
      val found = agreement.filter(row =>
        row.getAs[String]("question") == dataset && row.getAs[String]("coefficient") == name &&
          row.getAs[String]("weights") == weights && row.getAs[String]("category") == category
      )
      withClue(s"$dataset: $name, $weights in $run")(found should have length 1)
      found.head
    }

    def metric(name: String): Double =
      metrics.find(_.getAs[String]("metric") == name).get.getAs[Double]("value")

    /** A metric after the last step. */
    def last(name: String): Double =
      metrics
        .filter(_.getAs[String]("metric") == name)
        .maxBy(_.getAs[Long]("step"))
        .getAs[Double]("value")

    def raters(dataset: String, measure: String): Seq[Row] =
      quality.filter(row =>
        row.getAs[String]("question") == dataset && row.getAs[String]("measure") == measure
      )

    def rater(dataset: String, measure: String, rater: String): Double =
      raters(dataset, measure)
        .find(_.getAs[String]("rater_id") == rater)
        .get
        .getAs[Double]("value")
  }

  private def value(tables: Tables, vector: JsonNode): Double = {
    val dataset = vector.get("dataset").asText
    vector.get("measure").asText match {
      case "Consistency"                => tables.metric(s"$dataset/majority/consistency")
      case "AccuracyOnAggregates_micro" => tables.metric(s"$dataset/majority/majority_agreement")
      case name if name.startsWith("Uncertainty") =>
        tables.metric(s"$dataset/majority/uncertainty")
      case "AccuracyOnAggregates" =>
        tables.rater(dataset, "majority_agreement", vector.get("arg").asText)
      case "AccuracyOnGold" if vector.has("arg") =>
        tables.rater(dataset, "gold_accuracy", vector.get("arg").asText)
      case "AccuracyOnGold" =>
        val gold = tables.raters(dataset, "gold_accuracy")
        val labels = gold.map(_.getAs[Long]("labels"))
        gold.map(_.getAs[Double]("value")).zip(labels).map { case (v, n) => v * n }.sum / labels.sum
      case _ => estimate(tables, vector)
    }
  }

  private def estimate(tables: Tables, vector: JsonNode): Double = {
    val dataset = vector.get("dataset").asText
    val one = vector.get("field").asText match {
      case "category_agreement" =>
        tables.coefficient(dataset, "fleiss_kappa_category", category = vector.get("arg").asText)
      case max if max.startsWith("max") => tables.coefficient(dataset, "cohen_kappa_max")
      case _ =>
        tables.coefficient(dataset, coefficients(vector.get("measure").asText), weights(vector))
    }
    def cell(column: String): Double = one.getAs[Double](column)
    val correction = 1 - 1.0 / one.getAs[Long]("labels")
    vector.get("field").asText match {
      case "coefficient" | "category_agreement" | "max_coefficient" => cell("value")
      case "observed_agreement" | "max_observed_agreement"          => cell("observed_agreement")
      case "expected_agreement"                                     => cell("expected_agreement")
      case "observed_disagreement" => (1 - cell("observed_agreement")) / correction
      case "expected_disagreement" => (1 - cell("expected_agreement")) / correction
      case "standard_error"        => cell("std_error")
      case "standard_error_h0"     => cell("std_error_h0")
      case "ci_low"                => cell("ci_low")
      case "ci_high"               => cell("ci_high")
      case "z"                     => cell("value") / cell("std_error_h0")
      case "p_two_sided"           => cell("p_value")
      case "p_one_sided"           => cell("p_value") / 2
    }
  }

  /** The run whose definitions are those of the vector's source. */
  private def run(vector: JsonNode): String =
    if (vector.get("dataset").asText == "SAS_3x3") "normal"
    else if (vector.get("id").asText == "v1008") "distribution"
    else "student"

  private def ingest(lake: TestLake, names: Seq[String]): Unit = {
    val rows = names.flatMap { name =>
      labels(datasets.get(name)).map { case (item, rater, value) =>
        val id = if (name == "crowdkit_toy") item else s"$name-$item"
        s"$id,$rater,$name,$value"
      }
    }
    val header = "item_id,rater_id,question,value"
    val path = write(temporary(), "labels.csv", (header +: rows).mkString("\n"))
    lake.submit("ingest-labels", "l1", "path" -> path.toString) shouldBe 0
  }

  describe("labeler-agreement") {
    it("reproduces every published value on the table") {
      assume(Files.exists(reference), "the published values are not at hand")
      val lake = new TestLake()
      val gold = datasets.get("crowdkit_toy").get("gold")
      val queue = gold.fieldNames().asScala.map { item =>
        s"""{"item_id": "$item", "prompt": "$item", "completion_a": "yes", "completion_b": "no", "gold_value": "${gold
            .get(item)
            .asText}"}"""
      }
      val items = write(temporary(), "queue.jsonl", queue.mkString("\n"))
      lake.submit("import-queue", "q1", "path" -> items.toString) shouldBe 0
      ingest(lake, datasets.fieldNames().asScala.toSeq)
      val others = new TestLake()
      ingest(others, Seq("SAS_3x3", "irrCAC_distrib_6raters"))
      val custom = vectors
        .filter(_.has("weights_matrix"))
        .map(v => v.get("dataset").asText -> v.get("weights_matrix"))
        .toMap
        .map { case (dataset, matrix) =>
          s"$dataset=" + matrix.asScala.map(_.asScala.map(_.asText).mkString(" ")).mkString("|")
        }
      val settings = Seq(
        "coefficients.custom-weights" -> custom.mkString(","),
        "coefficients.categories" -> "irrCAC_table_cont3x3abstractors=Ectopic|AIU|NIU",
        "coefficients.resamples" -> "100",
        "consensus.methods" -> "majority"
      )
      lake.submit("labeler-agreement", "student", settings: _*) shouldBe 0
      others.submit(
        "labeler-agreement",
        "normal",
        "coefficients.quantiles" -> "normal",
        "consensus.methods" -> "majority"
      ) shouldBe 0
      others.submit(
        "labeler-agreement",
        "distribution",
        "coefficients.alpha-error" -> "irrcac-distribution",
        "consensus.methods" -> "majority"
      ) shouldBe 0

      val tables = Map(
        "student" -> new Tables(lake, "student"),
        "normal" -> new Tables(others, "normal"),
        "distribution" -> new Tables(others, "distribution")
      )
      val missed = vectors.flatMap { vector =>
        val found = value(tables(run(vector)), vector)
        val expected = vector.get("expected").asDouble
        if (math.abs(found - expected) <= vector.get("tol").asDouble + 1e-12) None
        else Some(s"${vector.get("id").asText}: $found instead of $expected")
      }
      info(s"${vectors.size - missed.size} of ${vectors.size} values within their tolerance")
      missed shouldBe empty
    }

    it("finds Dawid and Skene's patients, error rates and likelihood from the paper's start") {
      assume(Files.exists(reference), "the published values are not at hand")
      val lake = new TestLake()
      val sheet = Files.readAllLines(reference.resolve("dawid_skene_1979_A.csv")).asScala.tail
      val rows = sheet.map(_.split(",")).map { case Array(patient, observer, session, value) =>
        s"$patient,$observer,$value,1979-01-0${session}T00:00:00Z"
      }
      val header = "item_id,rater_id,value,submitted_at"
      val path = write(temporary(), "labels.csv", (header +: rows).mkString("\n"))
      lake.submit("ingest-labels", "l1", "path" -> path.toString) shouldBe 0
      lake.submit("labeler-agreement", "a1", "consensus.tolerance" -> "1e-12") shouldBe 0

      val expected = mapper
        .readTree(reference.resolve("dawid_skene_1979_expected.json").toFile)
        .get("results")
        .get(0)
      val tables = new Tables(lake, "a1")
      for (k <- 0 until 4) {
        tables.metric(s"preference/dawid_skene/class_marginal/${k + 1}") shouldBe
          expected.get("class_marginals").get(k).asDouble +- 1e-6
      }
      tables.last("preference/dawid_skene/log_likelihood") shouldBe
        expected.get("log_likelihood_multinomial_kernel").asDouble +- 1e-6
      for (observer <- 1 to 5; t <- 0 until 4; l <- 0 until 4) {
        tables.rater("preference", s"confusion/${t + 1}/${l + 1}", observer.toString) shouldBe
          expected.get("error_rates").get(s"observer$observer").get(t).get(l).asDouble +- 1e-5
      }
      // The first observer saw every patient three times.
      val own = sheet.map(_.split(",")).filter(_(1) == "1").groupBy(_(0)).values.map(_.map(_(3)))
      val pairs = own.flatMap(values =>
        for (i <- values.indices; j <- i + 1 until values.size) yield values(i) == values(j)
      )
      pairs should have size 135
      tables.rater("preference", "self_consistency", "1") shouldBe
        pairs.count(identity).toDouble / pairs.size +- 1e-12
      val inferred = lake.table("item_consensus").where("method = 'dawid_skene'").collect()
      inferred should have length 45
      inferred.foreach { row =>
        val chances = expected.get("patient_posteriors").get(row.getAs[String]("item_id"))
        for (k <- 0 until 4) {
          row.getAs[Map[String, Double]]("probabilities")((k + 1).toString) shouldBe
            chances.get(k).asDouble +- 1e-5
        }
      }
    }
  }
}
