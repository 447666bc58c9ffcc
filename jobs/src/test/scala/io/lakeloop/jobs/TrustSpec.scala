package io.lakeloop.jobs

import io.lakeloop.config.{Digest, EnvironmentSettings, Name, UserError}
import java.io.RandomAccessFile
import java.nio.file.{Files, Path, Paths}
import scala.collection.JavaConverters._

/** Names and model folders as somebody would give them who means harm, or types badly. */
class TrustSpec extends LoopSpec {
  private val checkpoint = Paths.get("../common/src/test/resources/lm/llama3")
  private val x300 = "x" * 300

  /** A copy of a sound model folder, called so. */
  private def folder(name: String): Path = {
    val copy = Files.createDirectories(temporary().resolve(name))
    Files
      .list(checkpoint)
      .iterator()
      .asScala
      .filter(Files.isRegularFile(_))
      .filterNot(_.getFileName.toString.startsWith("expected"))
      .foreach(file => Files.copy(file, copy.resolve(file.getFileName)))
    copy
  }

  /** All below the lake's registry, but for the leases' lock. */
  private def registryFiles(lake: TestLake): Set[String] = {
    val root = lake.root.resolve("registry")
    if (!Files.exists(root)) Set()
    else
      Files
        .walk(root)
        .iterator()
        .asScala
        .filterNot(Files.isDirectory(_))
        .map(root.relativize(_).toString)
        .filterNot(_ == "leases/.lock")
        .toSet
  }

  /** Takes the folder in as a base, which is the first thing that the job does. */
  private def takeIn(lake: TestLake, runId: String, folder: Path): Int =
    lake.submit("train-policy", runId, "base-model" -> folder.toString)

  describe("A name") {
    val lake = new TestLake()

    for (
      (job, key, value) <- Seq(
        ("train-sft", "name", "../models/reward"),
        ("train-sft", "name", "../../../x"),
        ("train-sft", "name", x300),
        ("train-sft", "name", "a/B c"),
        ("train-reward", "name", ".."),
        ("train-reward", "snapshot", "x' OR '1'='1"),
        ("train-policy", "name", "r\u00e9ward"),
        ("train-policy", "reward-model", "../reward/1"),
        ("evaluate-policy", "suite", "a\nb"),
        ("evaluate-policy", "policy", s"$x300/1"),
        ("evaluate-reward", "snapshot", ""),
        ("build-preferences", "agreement-run", "a'"),
        ("export", "run", "a/b"),
        ("promote", "alias", "latest"),
        ("promote", "alias", "7"),
        ("promote", "alias", "../../x"),
        ("promote", "to", "../prod")
      )
    )
      it(s"that is none is refused in a line: $job $key ${value.take(20)}".replace('\n', ' ')) {
        lake.clearOutput()
        val path = if (job == "export") Seq("path" -> "out.jsonl") else Seq()
        lake.submit(job, "linear", Seq(key -> value) ++ path: _*) shouldBe 2
        lake.output.linesIterator.toSeq should have size 1
        lake.output should startWith(s"Cannot use the settings of $job: $key")
        lake.output.length should be < 500
        registryFiles(lake) shouldBe empty
      }

    it("that is a run's is refused, too") {
      for {
        argument <- Seq("--env", "--run-id", "--to")
        text <- Seq("../x\n", "a b", x300, "a..b")
      } {
        val told = intercept[UserError](Main.invocation(argument, text))
        told.getMessage should startWith("Cannot read the command line: " + argument)
        told.getMessage.linesIterator.toSeq should have size 1
      }
      intercept[UserError](EnvironmentSettings.load(conf, "../conf/local")).getMessage should
        startWith("Cannot read the settings of the environment: '../conf/local' is no name")
      // Its jobs' run ids are longer.
      intercept[UserError](
        Quickstart.checkSettings(
          Main.invocation("--run-id", "x" * 81),
          EnvironmentSettings.load(conf, "local")
        )
      ).getMessage should include("--run-id has 81 characters, of which the quickstart takes 80")
    }
  }

  it("A lake's own name is read by SQL as it is") {
    val lake = new TestLake(Files.createDirectories(temporary().resolve("it's \\' OR 1")))
    // It fails, and is in the ledger all the same.
    lake.submit("export-model", "x") shouldBe 2
    lake.sql("SELECT run_id FROM runs").collect().map(_.getString(0)).toSeq shouldBe Seq("x")
  }

  describe("A lake") {
    val lake = new TestLake()
    lake.submit("export-model", "x") shouldBe 2

    it("with a foreign file in a table's log is told of in a line, by jobs and by SQL") {
      val foreign = lake.root.resolve("tables/runs/_delta_log/99999999999999999999.json")
      Files.write(foreign, Array[Byte]())
      lake.clearOutput()
      withClue(lake.output)(lake.submit("export-model", "y") shouldBe 2)
      lake.output.linesIterator.toSeq should have size 1
      lake.output should startWith("Cannot read the table runs: Delta does not understand")
      intercept[UserError](lake.sql("SELECT 1")).getMessage should include("runs/_delta_log")
      Files.delete(foreign)
      lake.submit("export-model", "y") shouldBe 2
      lake.sql("SELECT run_id FROM runs").count() shouldBe 2
    }

    for (
      (place, why) <- Seq(
        "tables/runs/out.jsonl" -> "which is the lake's own",
        "tables" -> "which is the lake's own",
        "linked/runs/out.jsonl" -> "which is the lake's own",
        "elsewhere/models/x" -> "which is the lake's own",
        "a-file/out.jsonl" -> "a-file",
        "kept" -> "it exists, and is not what a run of this lake has made",
        "a:b" -> "its name has a colon",
        "n" * 400 -> "File name too long"
      )
    )
      it(s"writes nothing outside at ${place.take(40)}") {
        write(lake.root, "a-file", "theirs")
        write(lake.root, "kept", "theirs")
        val linked = lake.root.resolve("linked")
        Files.deleteIfExists(linked)
        Files.createSymbolicLink(linked, lake.root.resolve("tables"))
        val path = lake.root.resolve(place).toString
        refused(path) should include(why)
        Files.readString(lake.root.resolve("kept")) shouldBe "theirs"
        Files.readString(lake.root.resolve("a-file")) shouldBe "theirs"
      }

    it("writes nothing where no file system is") {
      refused("gopher://host/x") should include("No FileSystem for scheme \"gopher\"")
      refused("/proc/x/y") should include("Name another place")
    }

    it("has no place in the lake for reports and folders of plain files either") {
      val lake = new TestLake()
      val taken = lake.root.resolve("taken")
      write(lake.root, "taken", "theirs")
      for (
        ((job, place), number) <- Seq(
          "report" -> "tables/runs/_delta_log/x.html",
          "report" -> "taken/x.html",
          "report" -> "../../../../../../../../../../../../proc/x/y.html",
          "report" -> "",
          "simulate-logs" -> "tables/runs",
          "simulate-logs" -> "registry/models"
        ).zipWithIndex
      ) {
        lake.clearOutput()
        val code = lake.submit(
          job,
          s"r$number",
          "path" -> lake.root.resolve(place).toString
        )
        withClue(place + lake.output)(code shouldBe 2)
        lake.output should include("Name another place.")
      }
      Files.readString(taken) shouldBe "theirs"
      // Dots behind a link: what was tried is what is written.
      Files.createSymbolicLink(lake.root.resolve("link"), lake.root.resolve("tables/runs"))
      val through = lake.root.resolve("link/../labels/x.html").toString
      withClue(lake.output)(lake.submit("report", "r9", "path" -> through) shouldBe 0)
      Files.exists(lake.root.resolve("labels/x.html")) shouldBe true
      Files.exists(lake.root.resolve("tables/labels")) shouldBe false
    }

    it("reads no device, and nothing below what no run has made, to say so") {
      refused("/dev/zero") should include("it exists")
      val endless = temporary()
      Seq("one", "two").foreach(n => Files.createSymbolicLink(endless.resolve(n), endless))
      refused(endless.toString) should include("it exists")
    }

    def refused(path: String): String = {
      val rows = Iterator("{}").asJava
      val told = intercept[UserError](
        lake.lake
          .outside(lake.root.resolve("elsewhere").toString)
          .writeLines(rows, path, false, _ => false, (_, _) => ())
      )
      told.code.exitCode shouldBe 2
      told.getMessage.linesIterator.toSeq should have size 1
      told.getMessage should startWith(s"Cannot write $path: ")
      told.getMessage
    }
  }

  describe("A folder that is taken in") {
    val lake = new TestLake()

    def refused(name: String, says: String)(change: Path => Unit): Unit = {
      lake.clearOutput()
      val model = folder(name)
      change(model)
      withClue(lake.output)(takeIn(lake, s"in-$name", model) shouldBe 2)
      lake.output should include(says)
      lake.registry.versions(Name.parse(s"base-$name")).asScala shouldBe empty
      registryFiles(lake) shouldBe empty
    }

    it("holds no pickles for weights") {
      refused("pickle", "has neither model.safetensors nor") { model =>
        Files.move(model.resolve("model.safetensors"), model.resolve("pytorch_model.bin"))
      }
    }

    it("is whole") {
      refused("truncated", "model.safetensors") { model =>
        val file = new RandomAccessFile(model.resolve("model.safetensors").toFile, "rw")
        file.setLength(file.length - 100)
        file.close()
      }
      refused("untokenized", "it has no tokenizer.json") { model =>
        Files.delete(model.resolve("tokenizer.json"))
      }
      refused("garbled", "tokenizer.json: it describes no tokenizer that is known") { model =>
        write(model, "tokenizer.json", "{\"model\": {\"type\": \"Bomb\"}}")
      }
      refused("layers", "its config tells of 2,000,000,000 layers") { model =>
        val config = Files.readString(model.resolve("config.json"))
        write(
          model,
          "config.json",
          config.replaceFirst("\"num_hidden_layers\": \\d+", "\"num_hidden_layers\": 2000000000")
        )
      }
      refused("other", "Cannot load tensor model.embed_tokens.weight: it must have shape") {
        model =>
          Files.delete(model.resolve("model.safetensors"))
          Files.copy(
            checkpoint.resolve("adapter/adapter_model.safetensors"),
            model.resolve("model.safetensors")
          )
      }
    }

    it("has a tokenizer within bounds") {
      refused("deep", "tokenizer.json: it is no JSON, or nested deeper") { model =>
        write(model, "tokenizer.json", "[" * 100000 + "]" * 100000)
      }
      refused("huge", "tokenizer.json: it has 1,073,741,824 bytes") { model =>
        val file = new RandomAccessFile(model.resolve("tokenizer.json").toFile, "rw")
        file.setLength(1L << 30)
        file.close()
      }
    }

    it("has files, not links") {
      for (name <- Seq("generation_config.json", "config.json", "model.safetensors"))
        refused("linked-" + name.take(6).replace('_', '-'), s"$name is no plain file but a link") {
          model =>
            val outside = temporary().resolve("outside")
            Files.move(model.resolve(name), outside)
            Files.createSymbolicLink(model.resolve(name), outside)
        }
      refused("index", "model.safetensors.index.json is no plain file but a link") { model =>
        Files.createSymbolicLink(
          model.resolve("model.safetensors.index.json"),
          Paths.get("/etc/passwd")
        )
      }
    }
  }

  describe("What was published") {
    val lake = new TestLake()
    val model = folder("sound")
    write(model, "training_args.bin", "pickle")
    write(model, "other.safetensors", "not a model's")
    write(model, "README.md", "text")
    val code = takeIn(lake, "in", model)
    val base = lake.root.resolve("registry/models/base-sound/1")

    def exported(run: String): Int = lake.submit(
      "export-model",
      run,
      "model" -> "base-sound/1",
      "folder" -> lake.root.resolve(run).toString
    )

    it("is what belongs to a model, and nothing is left beside it by a run that failed") {
      // There is no reward model for the training to go on with.
      withClue(lake.output)(code shouldBe 2)
      lake.output should include("Cannot find reward/latest")
      registryFiles(lake) shouldBe Set(
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "manifest.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json"
      ).map("models/base-sound/1/" + _)
      Files.list(lake.root.resolve("registry/.drafts")).count() shouldBe 0
      lake.count("model_versions", "manifest_digest IS NOT NULL") shouldBe 1
      withClue(lake.output)(exported("x0") shouldBe 0)
      withClue(lake.output)(exported("x0") shouldBe 0)
      // A model of somebody's own has such files, too.
      Files.createDirectories(lake.root.resolve("theirs"))
      write(lake.root, "theirs/config.json", "theirs")
      exported("theirs") shouldBe 2
      lake.output should include("it holds files that no run has written")
      Files.readString(lake.root.resolve("theirs/config.json")) shouldBe "theirs"
    }

    it("is the same that the table tells of, whoever edited weights and manifest") {
      lake.clearOutput()
      val weights = base.resolve("model.safetensors")
      val honest = Files.readAllBytes(weights)
      val manifest = base.resolve("manifest.json")
      val honestManifest = Files.readString(manifest)
      val poisoned = honest.clone()
      poisoned(poisoned.length - 1) = (poisoned.last ^ 1).toByte
      val digest = Digest.of(weights)
      Files.write(weights, poisoned)
      Files.writeString(manifest, honestManifest.replace(digest, Digest.of(weights)))
      exported("x1") shouldBe 2
      lake.output should include("Cannot load base-sound/1: its files or its manifest are not")

      lake.clearOutput()
      Files.write(weights, honest)
      Files.writeString(manifest, honestManifest.replace("\"seed\" : 0", "\"seed\" : 1"))
      exported("x2") shouldBe 2
      lake.output should include("model_versions")

      // Nor is it taken for the folder that it came from.
      lake.clearOutput()
      takeIn(lake, "again", model) shouldBe 2
      lake.output should include("published base-sound/2")

      Files.writeString(manifest, honestManifest)
      withClue(lake.output)(exported("x3") shouldBe 0)
    }

    it("does not stop at a broken version, which is told") {
      lake.clearOutput()
      Files.createDirectories(lake.root.resolve("registry/models/base-sound/3"))
      val latest = Seq("model" -> "base-sound/latest", "folder" -> lake.root.resolve("x4").toString)
      withClue(lake.output)(lake.submit("export-model", "x4", latest: _*) shouldBe 0)
      lake.output should include("passed over: Cannot load base-sound/3: it has no manifest.json")
      lake.output should include("wrote base-sound/2")

      lake.clearOutput()
      write(model, "generation_config.json", "{\"eos_token_id\": 2}")
      takeIn(lake, "anew", model) shouldBe 2
      lake.output should include("published base-sound/4")
    }
  }
}
