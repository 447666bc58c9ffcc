package io.lakeloop.jobs

import com.sun.net.httpserver.{HttpExchange, HttpServer}
import java.net.http.HttpResponse.BodyHandlers
import java.net.http.{HttpClient, HttpRequest}
import java.net.{InetSocketAddress, ServerSocket, URI}
import java.nio.charset.StandardCharsets.UTF_8
import java.nio.file.{Files, Path, Paths}
import java.util.concurrent.Executors
import java.util.concurrent.locks.LockSupport
import java.util.concurrent.atomic.AtomicLong
import scala.collection.JavaConverters._
import scala.sys.process.{Process, ProcessLogger}

/** What happens to a request on its way to the bucket. */
sealed trait Fault
object Fault {
  case object None extends Fault

  /** The service answers 503 and does nothing. */
  case object Refused extends Fault

  /** The service does what was asked, but its answer is lost: the client sees a 500. */
  case object AnswerLost extends Fault

  /** The body of the answer breaks off in the middle. */
  case object Truncated extends Fault

  /** The answer comes when the client has long stopped waiting for it. */
  case object Stalled extends Fault

  /** The body of the answer is whole, with one byte changed. */
  case object Damaged extends Fault
}

object BucketService {

  /** Milliseconds that a client waits for an answer. */
  val Patience = 1500
}

/** An S3 service in a process of its own (s3proxy) with a proxy before it that injects faults. The
  * proxy lets conditional writes through one at a time, so that they are atomic as Amazon's are.
  */
class BucketService(folder: Path) extends AutoCloseable {
  System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host")
  System.setProperty("sun.net.httpserver.nodelay", "true")
  // What the default credentials chain finds.
  System.setProperty("aws.accessKeyId", "specs")
  System.setProperty("aws.secretKey", "not-a-secret")

  private val port = {
    val socket = new ServerSocket(0)
    try socket.getLocalPort
    finally socket.close()
  }
  private val service = {
    val properties = Files.write(
      folder.resolve("s3proxy.conf"),
      s"""s3proxy.endpoint=http://127.0.0.1:$port
         |s3proxy.authorization=aws-v2-or-v4
         |s3proxy.identity=specs
         |s3proxy.credential=not-a-secret
         |s3proxy.ignore-unknown-headers=true
         |jclouds.provider=filesystem-nio2
         |jclouds.identity=specs
         |jclouds.credential=not-a-secret
         |jclouds.filesystem.basedir=${Files.createDirectories(folder.resolve("buckets"))}
         |""".stripMargin.getBytes(UTF_8)
    )
    val quiet = Files.write(
      folder.resolve("logback.xml"),
      "<configuration><root level=\"OFF\"/></configuration>".getBytes(UTF_8)
    )
    val lib = Paths.get("src", "test", "s3proxy", "target", "lib").toAbsolutePath
    require(Files.isDirectory(lib), s"There is no $lib: run mvn verify of all modules once.")
    Process(
      Seq(
        Paths.get(System.getProperty("java.home"), "bin", "java").toString,
        "-Xmx512m",
        s"-Dlogback.configurationFile=$quiet",
        "-cp",
        s"$lib/*",
        "org.gaul.s3proxy.Main",
        "--properties",
        properties.toString
      )
    ).run(ProcessLogger(_ => ()))
  }
  private val client = HttpClient.newHttpClient()
  private val requests = new AtomicLong()
  private val proxy = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0)

  /** Decides by method, path and the request's number; conditional tells a conditional write. */
  @volatile var faults: (String, String, Long) => Fault = (_, _, _) => Fault.None
  val injected = new AtomicLong()

  /** Objects that a writer asked to have encrypted, by their paths. */
  val encryption = new java.util.concurrent.ConcurrentHashMap[String, String]()

  val endpoint = s"http://127.0.0.1:${proxy.getAddress.getPort}"

  proxy.createContext("/", exchange => answer(exchange))
  proxy.setExecutor(Executors.newCachedThreadPool())
  proxy.start()
  awaitService()

  private def awaitService(): Unit = {
    val up = Iterator
      .continually(scala.util.Try(new java.net.Socket("127.0.0.1", port).close()))
      .take(100000)
      .find { attempt =>
        if (attempt.isFailure) LockSupport.parkNanos(1000000)
        attempt.isSuccess
      }
    require(up.isDefined, "s3proxy does not start")
  }

  private def answer(exchange: HttpExchange): Unit =
    try {
      val method = exchange.getRequestMethod
      val fault = faults(method, exchange.getRequestURI.getPath, requests.incrementAndGet())
      if (fault != Fault.None) injected.incrementAndGet()
      val body = exchange.getRequestBody.readAllBytes()
      Option(exchange.getRequestHeaders.getFirst("x-amz-server-side-encryption"))
        .foreach(encryption.put(exchange.getRequestURI.getPath, _))
      if (fault == Fault.Refused) {
        error(exchange, 503, "SlowDown")
      } else {
        val conditional = exchange.getRequestHeaders.containsKey("If-None-Match") ||
          exchange.getRequestHeaders.containsKey("If-Match")
        val response =
          if (method == "PUT" && conditional) synchronized(forward(exchange, body))
          else forward(exchange, body)
        if (fault == Fault.Stalled) LockSupport.parkNanos(3L * BucketService.Patience * 1000000)
        if (fault == Fault.AnswerLost) error(exchange, 500, "InternalError")
        else reply(exchange, response, fault)
      }
    } finally exchange.close()

  private def forward(exchange: HttpExchange, body: Array[Byte]) = {
    val request = HttpRequest
      .newBuilder(URI.create(s"http://127.0.0.1:$port${exchange.getRequestURI}"))
      .method(exchange.getRequestMethod, HttpRequest.BodyPublishers.ofByteArray(body))
    val dropped = Set("content-length", "connection", "expect", "transfer-encoding", "upgrade")
    exchange.getRequestHeaders.asScala
      .filterNot { case (name, _) => dropped(name.toLowerCase) }
      .foreach { case (name, values) => values.asScala.foreach(request.header(name, _)) }
    client.send(request.build(), BodyHandlers.ofByteArray())
  }

  private def reply(
      exchange: HttpExchange,
      response: java.net.http.HttpResponse[Array[Byte]],
      fault: Fault
  ): Unit = {
    val head = exchange.getRequestMethod == "HEAD"
    response.headers.map.asScala
      .filterNot { case (name, _) =>
        Set("transfer-encoding", "connection")(name.toLowerCase) ||
        !head && name.toLowerCase == "content-length"
      }
      .foreach { case (name, values) => exchange.getResponseHeaders.put(name, values) }
    val body = response.body
    if (head || body.isEmpty) exchange.sendResponseHeaders(response.statusCode, -1)
    else {
      exchange.sendResponseHeaders(response.statusCode, body.length)
      fault match {
        case Fault.Truncated => exchange.getResponseBody.write(body, 0, body.length / 2)
        case Fault.Damaged =>
          body(body.length / 2) = (body(body.length / 2) ^ 1).toByte
          exchange.getResponseBody.write(body)
        case _ => exchange.getResponseBody.write(body)
      }
      exchange.getResponseBody.flush()
    }
  }

  private def error(exchange: HttpExchange, status: Int, code: String): Unit = {
    val body =
      s"<Error><Code>$code</Code><Message>injected</Message></Error>".getBytes(UTF_8)
    val head = exchange.getRequestMethod == "HEAD"
    exchange.sendResponseHeaders(status, if (head) -1 else body.length)
    if (!head) exchange.getResponseBody.write(body)
  }

  /** What spark-defaults.conf says to reach it. */
  def sparkSettings: Map[String, String] = Map(
    "fs.s3a.endpoint" -> endpoint,
    "fs.s3a.endpoint.region" -> "us-east-1",
    "fs.s3a.path.style.access" -> "true",
    "fs.s3a.connection.ssl.enabled" -> "false",
    "fs.s3a.aws.credentials.provider" -> "com.amazonaws.auth.DefaultAWSCredentialsProviderChain",
    "fs.s3a.connection.timeout" -> BucketService.Patience.toString,
    "fs.s3a.attempts.maximum" -> "6",
    "fs.s3a.retry.interval" -> "100ms",
    "fs.s3a.retry.throttle.interval" -> "50ms",
    "fs.s3a.directory.marker.retention" -> "keep"
  )

  /** How many requests have come. */
  def requestCount: Long = requests.get

  override def close(): Unit = {
    proxy.stop(0)
    service.destroy()
  }
}
