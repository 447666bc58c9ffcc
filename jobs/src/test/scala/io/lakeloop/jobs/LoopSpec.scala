package io.lakeloop.jobs

import io.lakeloop.config.Name
import io.lakeloop.registry.{LocalArtifactStore, Registry}
import io.lakeloop.run.{Console, JobRunner}
import io.lakeloop.table.{EvaluationTables, Lake, ReadOnlySql, TableRows}
import java.io.{ByteArrayOutputStream, PrintStream}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path, Paths}
import java.sql.Timestamp
import java.time.{Clock, Instant, ZoneOffset}
import java.util.concurrent.atomic.AtomicLong
import org.apache.spark.sql.functions.expr
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.scalatest.funspec.AnyFunSpec
import org.scalatest.matchers.should.Matchers
import scala.collection.JavaConverters._

/** One Spark for all specs of this JVM: starting it takes longer than most of them. */
object SharedSpark {
  lazy val session: SparkSession = {
    val spark = SparkSession
      .builder()
      .master("local[2]")
      .appName("specs")
      .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
      .config(
        "spark.sql.catalog.spark_catalog",
        "org.apache.spark.sql.delta.catalog.DeltaCatalog"
      )
      .config("spark.sql.shuffle.partitions", "2")
      .config("spark.databricks.delta.snapshotPartitions", "2")
      .config("spark.sql.session.timeZone", "UTC")
      .config("spark.ui.enabled", "false")
      .config("spark.sql.codegen.cache.maxEntries", "2000")
      .config("spark.sql.adaptive.enabled", "false")
      .config("spark.databricks.delta.writeChecksumFile.enabled", "false")
      .config("spark.sql.sources.parallelPartitionDiscovery.parallelism", "4")
      .config("spark.driver.host", "127.0.0.1")
      .config("spark.hadoop.fs.permissions.umask-mode", "077")
      .config("spark.delta.logStore.s3a.impl", "io.lakeloop.table.ConditionalS3LogStore")
      .config("spark.sql.warehouse.dir", Files.createTempDirectory("warehouse").toString)
      .getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    spark
  }
}

/** What a spec does as a person would: name a job, give settings, look at exit code and tables. */
trait LoopSpec extends AnyFunSpec with Matchers {
  val conf: Path = Paths.get("..", "conf").toAbsolutePath.normalize

  def temporary(): Path = Files.createTempDirectory("lakeloop")

  def write(folder: Path, name: String, text: String): Path =
    Files.write(folder.resolve(name), text.getBytes(UTF_8))

  /** Writes what evaluate-policy writes of a policy that is better than its opponent. */
  def openGate(lake: Lake, model: String, version: Int): Unit = {
    val rows = new TableRows(EvaluationTables.EVALUATIONS)
    Seq(("win_rate", 0.7, 0.65, 0.75), ("safety_violation_rate", 0.0, 0.0, 0.0)).foreach {
      case (metric, value, low, high) =>
        rows.add(
          Map[String, AnyRef](
            "run_id" -> "evaluate-1",
            "model" -> model,
            "version" -> Int.box(version),
            "suite" -> "support-desk",
            "slice_kind" -> "all",
            "slice_value" -> "all",
            "metric" -> metric,
            "value" -> Double.box(value),
            "ci_low" -> Double.box(low),
            "ci_high" -> Double.box(high),
            "n" -> Long.box(300),
            "at" -> new Timestamp(0)
          ).asJava
        )
    }
    lake.replace(
      EvaluationTables.EVALUATIONS,
      Name.parse("evaluate-1"),
      rows.dataset(SharedSpark.session),
      "{}"
    )
    ()
  }

  /** A lake of its own, and what running jobs on it printed. */
  class TestLake(val root: Path = temporary()) {
    private val ticks = new AtomicLong(0)
    private val clock = new Clock {
      // Each look at this clock is a second later, so that later runs began later.
      override def instant(): Instant =
        Instant.parse("2026-03-01T00:00:00Z").plusSeconds(ticks.incrementAndGet())
      override def getZone = ZoneOffset.UTC
      override def withZone(zone: java.time.ZoneId): Clock = this
    }
    private val printed = new ByteArrayOutputStream()
    val lake = new Lake(SharedSpark.session, root.toString)
    private val artifacts = new LocalArtifactStore(root.resolve("registry"))
    val registry = new Registry(artifacts)
    private val console = new Console(new PrintStream(printed, true, UTF_8), false, true, clock)
    private val runner = new JobRunner(lake, artifacts, clock, console, "test")

    def submit(job: String, runId: String, settings: (String, String)*): Int = {
      val sets = settings.flatMap { case (key, value) => Seq("--set", s"$key=$value") }
      val arguments = Seq("--conf", conf.toString, "--run-id", runId) ++ sets
      runner.run(JobCatalogue.job(job), Main.invocation(arguments: _*))
    }

    def output: String = printed.toString(UTF_8)

    def clearOutput(): Unit = printed.reset()

    def table(name: String): DataFrame =
      SharedSpark.session.read.format("delta").load(root.resolve("tables").resolve(name).toString)

    /** Answers SQL about this lake as a person would get it. */
    def sql(query: String): DataFrame = new ReadOnlySql(lake).rows(query)

    def count(name: String, condition: String = "true"): Long = table(name).where(condition).count()

    /** All rows as sorted text, but for what says when the last attempt wrote them. */
    def rows(name: String): Seq[String] = {
      val all = name match {
        case "runs" => table(name).drop("finished_at")
        case "lineage" =>
          table(name).withColumn("version", expr("IF(direction = 'read', version, NULL)"))
        case _ => table(name)
      }
      all.toJSON.collect().toSeq.sorted
    }
  }
}
