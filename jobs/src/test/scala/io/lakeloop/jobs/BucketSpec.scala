package io.lakeloop.jobs

import com.amazonaws.services.s3.AmazonS3ClientBuilder
import com.amazonaws.services.s3.model.{InitiateMultipartUploadRequest, UploadPartRequest}
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration
import io.lakeloop.config.{ErrorCode, Name, UserError}
import io.lakeloop.registry._
import io.lakeloop.run.Failure
import io.lakeloop.s3.S3Settings
import io.lakeloop.table.{Lake, LedgerTables, TableRows}
import java.io.ByteArrayInputStream
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path}
import java.util.Optional
import java.util.concurrent.{Callable, Executors}
import org.scalatest.BeforeAndAfterAll
import scala.collection.JavaConverters._

/** Registry and lake in a bucket of a real S3 service, with requests refused, answers lost, broken
  * off and damaged on the way.
  */
class BucketSpec extends LoopSpec with BeforeAndAfterAll {
  private lazy val service = new BucketService(temporary())
  private lazy val client = AmazonS3ClientBuilder
    .standard()
    .withPathStyleAccessEnabled(true)
    .withEndpointConfiguration(new EndpointConfiguration(service.endpoint, "us-east-1"))
    .build()
  private lazy val settings = {
    val hadoop = SharedSpark.session.sparkContext.hadoopConfiguration
    service.sparkSettings.foreach { case (key, value) => hadoop.set(key, value) }
    client.createBucket("lakeloop")
    S3Settings.of(hadoop)
  }

  override def afterAll(): Unit = service.close()

  /** A store as another process would open it: nothing cached. */
  private def store(prefix: String) = new S3ArtifactStore(settings, "lakeloop", prefix)

  private def keys(prefix: String): Seq[String] =
    client.listObjectsV2("lakeloop", prefix).getObjectSummaries.asScala.map(_.getKey)

  private def manifest(run: String) =
    new Manifest(
      "policy",
      0,
      "causal-lm",
      run,
      List.empty[String].asJava,
      "",
      "c",
      "v",
      1L,
      "2026-01-01T00:00:00Z",
      new java.util.TreeMap()
    )

  private def draft(registry: Registry, run: String, size: Int = 1000): Path = {
    val folder = registry.draft(Name.parse("policy"), Name.parse(run))
    Files.write(folder.resolve("weights.safetensors"), Array.tabulate(size)(i => (i * 31).toByte))
    Files.createDirectories(folder.resolve("tokenizer"))
    Files.write(folder.resolve("tokenizer").resolve("tokenizer.json"), run.getBytes(UTF_8))
    folder
  }

  private def publish(registry: Registry, run: String, size: Int = 1000) =
    registry.publish(draft(registry, run, size), manifest(run))

  private def withFaults[T](faults: (String, String, Long) => Fault)(work: => T): T = {
    service.faults = faults
    try work
    finally service.faults = (_, _, _) => Fault.None
  }

  describe("The registry in a bucket") {
    it("publishes, lists, resolves and removes, in parts where files are large") {
      val mine = store("plain")
      val published = publish(new Registry(mine), "run-1", 40 << 20)
      val other = new Registry(store("plain"))
      published.toString shouldBe "policy/1"
      other.versions(Name.parse("policy")).asScala shouldBe Seq(1)
      val resolved = other.resolve(ModelRef.parse("policy/latest"))
      resolved.manifest shouldBe published.manifest
      Files.size(resolved.folder.resolve("weights.safetensors")) shouldBe (40 << 20)
      // A retry of the run publishes nothing new, another run the next number.
      publish(other, "run-1", 40 << 20).version shouldBe 1
      publish(other, "run-2").version shouldBe 2
      mine.remove("models/policy/1")
      new Registry(store("plain")).versions(Name.parse("policy")).asScala shouldBe Seq(2)
      keys("plain/data/models/policy/1/") shouldBe empty
    }

    it("goes through refused, lost, broken and damaged answers to the same bytes") {
      val before = service.injected.get
      val digest = withFaults { (method, path, number) =>
        (number % 5, method) match {
          case (0, _)     => Fault.Refused
          case (2, "PUT") => Fault.AnswerLost
          case (2, "GET") => Fault.Truncated
          // A damaged list or record is for the transport to notice; files are for us.
          case (4, "GET") if path.contains("/data/") => Fault.Damaged
          case _ => if (number % 7 == 0) Fault.Stalled else Fault.None
        }
      } {
        val registry = new Registry(store("faulty"))
        val version = publish(registry, "run-1", 20 << 20)
        registry.move(
          Alias.parse("champion"),
          version,
          "specs",
          Name.parse("promote-1"),
          "why",
          "2026-01-01T00:00:00Z"
        )
        val again = new Registry(store("faulty")).resolve(ModelRef.parse("policy/champion"))
        again.manifest.digest
      }
      service.injected.get - before should be > 5L
      val plain = new Registry(store("faulty"))
      plain.resolve(ModelRef.parse("policy/champion")).manifest.digest shouldBe digest
      plain.versions(Name.parse("policy")).asScala shouldBe Seq(1)
      plain.history(Name.parse("policy"), Alias.parse("champion")).asScala.map(_.to) shouldBe Seq(1)
    }

    it("leaves nothing to resolve where an upload was killed, and goes on where it was") {
      val registry = new Registry(store("killed"))
      val uploaded = new java.util.concurrent.atomic.AtomicBoolean()
      // The bucket goes away once the first file is there: what a killed process leaves behind.
      an[Exception] should be thrownBy withFaults { (method, path, _) =>
        if (uploaded.get) Fault.Refused
        else {
          uploaded.set(method == "PUT" && path.contains("/data/"))
          Fault.None
        }
      } {
        publish(registry, "run-1")
      }
      // An upload in parts that never ended lies about, too.
      val orphan = keys("killed/data/").head.replaceAll("/[^/]*$", "/weights.safetensors")
      client.uploadPart(
        new UploadPartRequest()
          .withBucketName("lakeloop")
          .withKey(orphan)
          .withUploadId(
            client
              .initiateMultipartUpload(new InitiateMultipartUploadRequest("lakeloop", orphan))
              .getUploadId
          )
          .withPartNumber(1)
          .withPartSize(3)
          .withInputStream(new ByteArrayInputStream("abc".getBytes(UTF_8)))
      )
      val other = new Registry(store("killed"))
      other.versions(Name.parse("policy")).asScala shouldBe empty
      intercept[UserError](other.resolve(ModelRef.parse("policy/1"))).getMessage should
        include("versions of policy in this registry are []")
      val left = keys("killed/data/")
      left should not be empty

      publish(other, "run-1").version shouldBe 1

      keys("killed/data/") should contain allElementsOf left
      new Registry(store("killed")).resolve(ModelRef.parse("policy/1")).version shouldBe 1
    }

    it("asks for the encryption that is set, of every object") {
      settings
      val hadoop = new org.apache.hadoop.conf.Configuration(
        SharedSpark.session.sparkContext.hadoopConfiguration
      )
      hadoop.set("fs.s3a.encryption.algorithm", "AES256")
      val registry = new Registry(
        new S3ArtifactStore(S3Settings.of(hadoop), "lakeloop", "encrypted")
      )
      publish(registry, "run-1", 20 << 20)
      registry.resolve(ModelRef.parse("policy/1")).version shouldBe 1
      val written = keys("encrypted/")
      written.size should be >= 4
      written.map(key => service.encryption.get(s"/lakeloop/$key")).toSet shouldBe Set("AES256")
      hadoop.set("fs.s3a.encryption.algorithm", "ROT13")
      intercept[UserError](
        publish(new Registry(new S3ArtifactStore(S3Settings.of(hadoop), "lakeloop", "odd")), "r")
      ).getMessage should include("fs.s3a.encryption.algorithm is 'ROT13'")
    }

    it("refuses bytes that are not what was published") {
      val registry = new Registry(store("corrupt"))
      publish(registry, "run-1")
      val key = keys("corrupt/data/").find(_.endsWith("weights.safetensors")).get
      client.putObject("lakeloop", key, "something else")
      intercept[UserError](
        new Registry(store("corrupt")).resolve(ModelRef.parse("policy/1"))
      ).getMessage should include(s"Cannot load s3://lakeloop/$key")
    }

    it("does not stop at a version whose objects are gone or garbled") {
      val registry = new Registry(store("gone"))
      (1 to 3).foreach(i => publish(registry, s"run-$i"))
      def key(version: Int): String =
        keys(s"gone/data/models/policy/$version/").find(_.endsWith("manifest.json")).get
      client.deleteObject("lakeloop", key(3))
      client.putObject("lakeloop", "gone/published/models/policy/2", "{")
      val other = new Registry(store("gone"))
      other.resolve(ModelRef.parse("policy/latest")).version shouldBe 1
      val lines = other.passedOver(Name.parse("policy")).asScala
      lines should have size 2
      lines.head should startWith("Cannot load models/policy/2: the object gone/published/")
      lines(1) should include("manifest.json: it is not there any more")
      publish(other, "run-4").version shouldBe 4
    }

    it("removes a record only as it was read") {
      val records = store("records")
      records.replaceRecord("leases/a.json", java.util.Optional.empty(), "one") shouldBe true
      records.removeRecord("leases/a.json", "other") shouldBe false
      records.record("leases/a.json").get shouldBe "one"
      records.removeRecord("leases/a.json", "one") shouldBe true
      records.record("leases/a.json").isPresent shouldBe false
      records.removeRecord("leases/a.json", "one") shouldBe false
    }

    it("says in a line that there is no such bucket, whoever asks for it") {
      settings
      for (
        failure <- Seq(
          intercept[Exception](
            new S3ArtifactStore(settings, "nowhere", "registry").record("aliases/a")
          ),
          intercept[Exception](SharedSpark.session.read.text("s3a://nowhere/logs").count())
        )
      ) {
        val told = Failure.userError(failure).get
        told.getMessage should (include("://nowhere") and include("NoSuchBucket, status 404"))
        told.code shouldBe ErrorCode.INPUT_MISSING
      }
    }

    it("lets one of many writers win a version and an alias") {
      val writers = 8
      val pool = Executors.newFixedThreadPool(writers)
      val versions =
        try {
          pool
            .invokeAll(
              (1 to writers)
                .map(i =>
                  new Callable[Int] {
                    override def call(): Int =
                      publish(new Registry(store("race")), s"run-$i").version
                  }
                )
                .asJava
            )
            .asScala
            .map(_.get)
        } finally pool.shutdown()
      versions.sorted shouldBe (1 to writers)
      // What was uploaded for a number that another writer won is not left behind.
      keys("race/data/").map(_.split("/").take(6).mkString("/")).distinct.size shouldBe writers

      val contested = store("race")
      contested.replaceRecord("aliases/a", Optional.empty(), "0") shouldBe true
      val wins = (1 to 5).map { round =>
        val racers = Executors.newFixedThreadPool(writers)
        try
          racers
            .invokeAll(
              (1 to writers)
                .map(i =>
                  new Callable[Boolean] {
                    private val own = store("race")
                    override def call(): Boolean =
                      own
                        .replaceRecord("aliases/a", contested.record("aliases/a"), s"$round by $i")
                  }
                )
                .asJava
            )
            .asScala
            .count(_.get)
        finally racers.shutdown()
      }
      // Who looks after another's win has seen it, and may win the next: but never two from one value.
      contested.record("aliases/a").get should startWith("5 by")
      all(wins) should be >= 1
    }
  }

  describe("The lake in a bucket") {
    it("keeps every commit of two drivers that write at once") {
      val root = "s3a://lakeloop/contested"
      settings
      def row(run: String) = new TableRows(LedgerTables.LINEAGE).add(
        Map[String, AnyRef](
          "run_id" -> run,
          "direction" -> "read",
          "kind" -> "table",
          "name" -> "x"
        ).asJava
      )
      new Lake(SharedSpark.session, root).replace(
        LedgerTables.LINEAGE,
        Name.parse("first"),
        row("first").dataset(SharedSpark.session),
        "{}"
      )
      val drivers = Seq("a", "b").map { driver =>
        new Thread(() => {
          val spark = SharedSpark.session.newSession()
          (1 to 4).foreach { i =>
            new Lake(spark, root)
              .replace(
                LedgerTables.LINEAGE,
                Name.parse(s"$driver$i"),
                row(s"$driver$i").dataset(spark),
                "{}"
              )
          }
        })
      }
      withFaults { (method, _, number) =>
        if (number % 7 == 0) Fault.Refused
        else if (number % 29 == 0) Fault.Stalled
        else if (method == "PUT" && number % 11 == 0) Fault.AnswerLost
        else Fault.None
      } {
        drivers.foreach(_.start())
        drivers.foreach(_.join())
      }
      SharedSpark.session.read
        .format("delta")
        .load(s"$root/tables/lineage")
        .select("run_id")
        .collect()
        .map(_.getString(0))
        .sorted shouldBe Array("a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4", "first")
    }
  }

  describe("The whole quickstart in a bucket") {
    it("goes through faults and a killed driver to the policy that a folder gives", Slow) {
      val scripts = java.nio.file.Paths.get("..", "submit-scripts").toAbsolutePath.normalize
      settings
      val secret = temporary().resolve("subject-key")

      def quickstart(arguments: String*): Process =
        new ProcessBuilder(
          (Seq(scripts.resolve("quickstart").toString) ++ arguments): _*
        ).inheritIO().start()

      def inBucket(): Process = {
        val builder = new ProcessBuilder(
          (Seq(
            scripts.resolve("quickstart").toString,
            "--lake",
            "s3a://lakeloop/quickstart",
            "--set",
            s"subject-key-file=$secret"
          ) ++ service.sparkSettings.flatMap { case (key, value) =>
            Seq("--spark", s"spark.hadoop.$key=$value")
          }): _*
        ).inheritIO()
        builder.environment.put("AWS_ACCESS_KEY_ID", "specs")
        builder.environment.put("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        builder.start()
      }
      def faults(method: String, path: String, number: Long): Fault =
        if (number % 53 == 0) Fault.Refused
        else if (method == "PUT" && number % 97 == 0) Fault.AnswerLost
        else if (number % 401 == 0) Fault.Stalled
        else if (method == "GET" && path.contains("/registry/") && number % 31 == 0) Fault.Truncated
        else Fault.None

      val uploads = new java.util.concurrent.atomic.AtomicLong()
      @volatile var driver: Option[Process] = None
      val killed = withFaults { (method, path, number) =>
        // In the middle of the policy's training: an upload of a step's state that has begun and will not end.
        val upload =
          method == "PUT" && path.contains("/data/checkpoints/quickstart-1-train-policy/")
        if (upload && uploads.incrementAndGet() == 40) {
          driver.foreach { process =>
            process.descendants().forEach(child => child.destroyForcibly())
            process.destroyForcibly()
          }
          Fault.Refused
        } else faults(method, path, number)
      } {
        driver = Some(inBucket())
        driver.get.waitFor()
      }
      killed should not be 0

      // What is published is whole, what was being written cannot be seen.
      val registry = new Registry(store("quickstart/registry"))
      registry.resolve(ModelRef.parse("sft/latest")).version shouldBe 1
      registry.resolve(ModelRef.parse("reward/latest")).version shouldBe 1
      registry.versions(Name.parse("policy")).asScala shouldBe empty

      withFaults(faults)(inBucket().waitFor()) shouldBe 0

      val folder = temporary()
      quickstart("--lake", folder.toString).waitFor() shouldBe 0
      val there =
        new Registry(store("quickstart/registry")).resolve(ModelRef.parse("policy/champion"))
      val here = new Registry(new LocalArtifactStore(folder.resolve("registry")))
        .resolve(ModelRef.parse("policy/champion"))
      info(s"${service.injected.get} of ${service.requestCount} requests met a fault")
      info(s"policy ${there.manifest.files.get("model.safetensors")}")
      there.manifest.files shouldBe here.manifest.files
      def trajectories(root: String) = SharedSpark.session.read
        .format("delta")
        .load(s"$root/tables/trajectories")
      trajectories("s3a://lakeloop/quickstart").count() shouldBe
        trajectories(folder.toString).count()
    }
  }
}
