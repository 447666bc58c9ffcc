package io.lakeloop.jobs

import io.lakeloop.config.{EnvironmentSettings, Name, UserError}
import io.lakeloop.registry.{Alias, Manifest, ModelRef, ModelVersion}
import io.lakeloop.run.{Console, Environments, JobRunner}
import io.lakeloop.table.{LedgerTables, TableRows}
import java.io.{ByteArrayOutputStream, PrintStream}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path}
import java.time.Clock
import scala.collection.JavaConverters._

/** Environments with lakes, registries and settings of their own, and promotion between them. */
class EnvironmentsSpec extends LoopSpec {

  /** Settings of local, and two environments on folders. */
  private class TwoEnvironments(
      devOpens: String = "\"*\"",
      promotes: String = "staging"
  ) {
    val root: Path = temporary()
    Files.createSymbolicLink(root.resolve("local"), conf.resolve("local"))
    Seq("dev" -> promotes, "staging" -> "").foreach { case (name, to) =>
      write(
        Files.createDirectories(root.resolve(name)),
        "environment.yaml",
        s"""inherits: local
           |lake: $root/$name-lake
           |registry: $root/$name-registry
           |open-settings: [$devOpens]
           |promotes-to: [$to]
           |""".stripMargin
      )
    }
    private val environments = new Environments(SharedSpark.session, root)
    val dev: Environments.Environment = environments.open("dev")
    val staging: Environments.Environment = environments.open("staging")
    private val printed = new ByteArrayOutputStream()

    def submit(environment: String, job: String, run: String, arguments: String*): Int = {
      val clock = Clock.systemUTC()
      val console = new Console(new PrintStream(printed, true, UTF_8), false, true, clock)
      val opened = environments.open(environment)
      val all = Seq("--conf", root.toString, "--env", environment, "--run-id", run) ++ arguments
      new JobRunner(opened.lake, opened.artifacts, clock, console, "test")
        .run(JobCatalogue.job(job), Main.invocation(all: _*))
    }

    def output: String = printed.toString(UTF_8)

    def rows(environment: String, table: String): Seq[Map[String, Any]] =
      SharedSpark.session.read
        .format("delta")
        .load(s"$root/$environment-lake/tables/$table")
        .collect()
        .map(row => row.getValuesMap[Any](row.schema.fieldNames))
        .toSeq

    /** A published model, as training leaves it. */
    def publish(model: String, run: String, parents: ModelVersion*): ModelVersion = {
      val registry = dev.registry
      val draft = registry.draft(Name.parse(model), Name.parse(run))
      write(draft, "model.safetensors", s"weights of $model by $run")
      registry.publish(
        draft,
        new Manifest(
          model,
          0,
          "causal-lm",
          run,
          parents.map(_.toString).asJava,
          "",
          "config",
          "code",
          1L,
          "2026-01-01T00:00:00Z",
          new java.util.TreeMap()
        )
      )
    }

    def evaluate(version: ModelVersion): Unit = openGate(dev.lake, version.model, version.version)

    def edge(run: String, kind: String, name: String, slice: String): Unit =
      dev.lake.replace(
        LedgerTables.LINEAGE,
        Name.parse(run),
        new TableRows(LedgerTables.LINEAGE)
          .add(
            Map[String, AnyRef](
              "run_id" -> run,
              "direction" -> "read",
              "kind" -> kind,
              "name" -> name,
              "slice" -> slice
            ).asJava
          )
          .dataset(SharedSpark.session),
        "{}"
      )
  }

  describe("promote --to") {
    it("copies a version with its parents, evidence and lineage, and says who approved it") {
      val two = new TwoEnvironments()
      val sft = two.publish("sft", "sft-1")
      two.publish("policy", "other")
      val policy = two.publish("policy", "policy-1", sft)
      two.evaluate(policy)
      two.edge("policy-1", "table", "preferences", "pairs-1")
      two.edge("pairs-1", "table", "labels", null)

      def promote() =
        two.submit("dev", "promote", "promote-1", "--to", "staging", "--set", "actor=ada")
      withClue(two.output)(promote() shouldBe 0)

      val there = two.staging.registry.resolve(ModelRef.parse("policy/champion"))
      there.manifest shouldBe policy.manifest
      there.toString shouldBe "policy/2"
      two.staging.registry.resolve(ModelRef.parse("sft/1")).manifest shouldBe sft.manifest
      two.staging.registry.versions(Name.parse("policy")).asScala shouldBe Seq(2)
      // Here, nothing has moved.
      two.dev.registry.history(Name.parse("policy"), Alias.parse("champion")).asScala shouldBe empty

      val promotions = two.rows("staging", "promotions")
      promotions.map(row => (row("model"), row("role"), row("approver"))).toSet shouldBe
        Set(("policy", "promoted", "ada"), ("sft", "parent", "ada"))
      promotions.map(_("digest")).toSet shouldBe Set(policy.manifest.digest, sft.manifest.digest)
      promotions.map(_("evidence_run")).toSet shouldBe Set("evaluate-1")
      two.rows("staging", "evaluations").map(_("metric")).toSet shouldBe
        Set("win_rate", "safety_violation_rate")
      two
        .rows("staging", "promoted_lineage")
        .map(row => (row("source_run_id"), row("name"))) should contain allOf (
        ("policy-1", "preferences"),
        ("pairs-1", "labels")
      )
      two.rows("staging", "alias_events").map(_("actor")) shouldBe Seq("ada")

      // A second run leaves the same.
      val before = Seq("promotions", "evaluations", "promoted_lineage", "model_versions")
        .map(table => two.rows("staging", table).toSet)
      promote() shouldBe 0
      Seq("promotions", "evaluations", "promoted_lineage", "model_versions")
        .map(table => two.rows("staging", table).toSet) shouldBe before
      two.staging.registry
        .history(Name.parse("policy"), Alias.parse("champion"))
        .asScala should have size 1

      // And from there it could go on: the evidence has come along.
      two.submit("staging", "promote", "promote-2", "--set", "alias=tested") shouldBe 0
    }

    it("refuses where the number is another version's there, and where files were changed") {
      val two = new TwoEnvironments()
      val policy = two.publish("policy", "policy-1")
      two.evaluate(policy)
      two.edge("policy-1", "file", "x", null)
      val own = two.staging.registry
      val draft = own.draft(Name.parse("policy"), Name.parse("theirs"))
      write(draft, "model.safetensors", "other weights")
      own.publish(
        draft,
        new Manifest(
          "policy",
          0,
          "causal-lm",
          "theirs",
          List.empty[String].asJava,
          "",
          "c",
          "c",
          1L,
          "2026-01-01T00:00:00Z",
          new java.util.TreeMap()
        )
      )
      two.submit("dev", "promote", "promote-1", "--to", "staging") shouldBe 2
      two.output should include("Cannot take in policy/1: this registry has another policy/1")
      own.history(Name.parse("policy"), Alias.parse("champion")).asScala shouldBe empty

      val three = new TwoEnvironments()
      val damaged = three.publish("policy", "policy-1")
      three.evaluate(damaged)
      write(damaged.folder, "model.safetensors", "changed on disk")
      three.submit("dev", "promote", "promote-1", "--to", "staging") shouldBe 2
      three.output should include("model.safetensors differ from the manifest")
      three.staging.registry.versions(Name.parse("policy")).asScala shouldBe empty
    }

    it("goes only where the environment promotes to") {
      val two = new TwoEnvironments(promotes = "")
      two.evaluate(two.publish("policy", "policy-1"))
      two.edge("policy-1", "file", "x", null)
      two.submit("dev", "promote", "promote-1", "--to", "staging") shouldBe 2
      two.output should include("Cannot promote to staging: the environment dev promotes to none")
    }
  }

  describe("An environment") {
    it("inherits settings key by key") {
      val two = new TwoEnvironments()
      write(two.root.resolve("dev"), "promote.yaml", "min-win-rate: 0.9\n")
      two.evaluate(two.publish("policy", "policy-1"))
      two.edge("policy-1", "file", "x", null)
      two.submit("dev", "promote", "promote-1") shouldBe 2
      two.output should include("win rate 0.700 (95% CI 0.650-0.750) is below 0.9")
    }

    it("keeps closed settings and its lake to its files") {
      val prod = EnvironmentSettings.load(conf, "prod")
      prod.requireOpen("prod", "promote", List("actor", "model").asJava)
      prod.requireOpen("prod", "train-reward", List("snapshot").asJava)
      intercept[UserError](
        prod.requireOpen("prod", "train-policy", List("kl.beta", "snapshot").asJava)
      ).getMessage should startWith("Cannot change train-policy.kl.beta from the command line")
      intercept[UserError](
        Main.environment(conf, "prod", java.util.Optional.of("elsewhere"))
      ).getMessage should startWith("Cannot use another lake: the environment prod works on")
      // What a name without a star opens is that alone.
      intercept[UserError](prod.requireOpen("prod", "ingest-logs", List("pathx").asJava))
    }

    it("is told apart from one that does not exist") {
      intercept[UserError](EnvironmentSettings.load(conf, "production")).getMessage should
        include("Cannot read the settings of the environment production: there is no file")
    }

    it("has no lake in a place that would become a folder of an odd name") {
      val environments = new Environments(SharedSpark.session, conf)
      for (lake <- Seq("", " ", "file:/x", "S3A://bucket/x", "hdfs:/x")) {
        val told = intercept[UserError](environments.open("local", lake)).getMessage
        told should include(s"Cannot open the lake '$lake': a lake is a folder or s3a://")
      }
      environments.open("local", temporary().resolve("a%b[1]|\"c").toString)
    }

    it("does not inherit in a ring") {
      val two = new TwoEnvironments()
      write(
        two.root.resolve("dev"),
        "environment.yaml",
        "inherits: staging\nlake: x\nregistry: y\nopen-settings: []\npromotes-to: []\n"
      )
      write(
        two.root.resolve("staging"),
        "environment.yaml",
        "inherits: dev\nlake: x\nregistry: y\nopen-settings: []\npromotes-to: []\n"
      )
      intercept[UserError](EnvironmentSettings.files(two.root, "dev", "promote")).getMessage should
        include("dev inherits from itself by way of dev, staging")
    }
  }

  it("every environment's settings are complete and each key is explained") {
    Seq("dev", "staging", "prod").foreach { environment =>
      JobCatalogue.jobs.asScala.foreach { job =>
        EnvironmentSettings.files(conf, environment, job.name) should not be empty
      }
      Files
        .list(conf.resolve(environment))
        .iterator()
        .asScala
        .filter(_.toString.endsWith(".yaml"))
        .foreach { file =>
          Files.readAllLines(file).get(0) should startWith("#")
        }
    }
  }
}
