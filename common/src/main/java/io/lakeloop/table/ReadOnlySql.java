package io.lakeloop.table;

import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.RootCause;
import io.lakeloop.config.UserError;
import io.lakeloop.s3.BucketFailure;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.ExpressionWithUnresolvedIdentifier;
import org.apache.spark.sql.catalyst.analysis.RelationTimeTravel;
import org.apache.spark.sql.catalyst.analysis.UnresolvedFunction;
import org.apache.spark.sql.catalyst.analysis.UnresolvedFunctionName;
import org.apache.spark.sql.catalyst.analysis.UnresolvedHaving;
import org.apache.spark.sql.catalyst.analysis.UnresolvedInlineTable;
import org.apache.spark.sql.catalyst.analysis.UnresolvedNamespace;
import org.apache.spark.sql.catalyst.analysis.UnresolvedRelation;
import org.apache.spark.sql.catalyst.analysis.UnresolvedSubqueryColumnAliases;
import org.apache.spark.sql.catalyst.analysis.UnresolvedTVFAliases;
import org.apache.spark.sql.catalyst.analysis.UnresolvedTable;
import org.apache.spark.sql.catalyst.analysis.UnresolvedTableOrView;
import org.apache.spark.sql.catalyst.analysis.UnresolvedTableValuedFunction;
import org.apache.spark.sql.catalyst.expressions.CallMethodViaReflection;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.DescribeColumn;
import org.apache.spark.sql.catalyst.plans.logical.DescribeFunction;
import org.apache.spark.sql.catalyst.plans.logical.DescribeNamespace;
import org.apache.spark.sql.catalyst.plans.logical.DescribeRelation;
import org.apache.spark.sql.catalyst.plans.logical.Distinct;
import org.apache.spark.sql.catalyst.plans.logical.Except;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Generate;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.Intersect;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LateralJoin;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Offset;
import org.apache.spark.sql.catalyst.plans.logical.OneRowRelation;
import org.apache.spark.sql.catalyst.plans.logical.Pivot;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.RebalancePartitions;
import org.apache.spark.sql.catalyst.plans.logical.Repartition;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionByExpression;
import org.apache.spark.sql.catalyst.plans.logical.Sample;
import org.apache.spark.sql.catalyst.plans.logical.ShowColumns;
import org.apache.spark.sql.catalyst.plans.logical.ShowCreateTable;
import org.apache.spark.sql.catalyst.plans.logical.ShowFunctions;
import org.apache.spark.sql.catalyst.plans.logical.ShowNamespaces;
import org.apache.spark.sql.catalyst.plans.logical.ShowPartitions;
import org.apache.spark.sql.catalyst.plans.logical.ShowTableProperties;
import org.apache.spark.sql.catalyst.plans.logical.ShowTables;
import org.apache.spark.sql.catalyst.plans.logical.ShowViews;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.Union;
import org.apache.spark.sql.catalyst.plans.logical.Unpivot;
import org.apache.spark.sql.catalyst.plans.logical.UnresolvedHint;
import org.apache.spark.sql.catalyst.plans.logical.UnresolvedWith;
import org.apache.spark.sql.catalyst.plans.logical.Window;
import org.apache.spark.sql.catalyst.plans.logical.WithWindowDefinition;
import org.apache.spark.sql.delta.commands.DescribeDeltaDetailCommand;
import org.apache.spark.sql.delta.commands.DescribeDeltaHistory;
import org.apache.spark.sql.execution.command.DescribeQueryCommand;
import org.apache.spark.sql.execution.command.ExplainCommand;
import org.apache.spark.sql.execution.command.SetCommand;
import org.apache.spark.sql.execution.command.ShowCurrentNamespaceCommand;
import scala.Option;
import scala.Product;
import scala.Tuple2;
import scala.collection.Iterable;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * SQL that reads the lake's tables and does nothing else, whoever wrote it: what a query parses to
 * must be made of kinds of nodes that are known to read. Tables go by their plain names, so that no
 * path is opened; functions that call into the JVM or reach for files are refused. A session of its
 * own keeps what one caller sets from the others.
 */
public final class ReadOnlySql {
  /** What a query may be made of. Whatever is not here is refused, also what Spark may yet get. */
  private static final Set<Class<?>> READING =
      Set.of(
          Aggregate.class,
          Distinct.class,
          Except.class,
          Filter.class,
          Generate.class,
          GlobalLimit.class,
          Intersect.class,
          Join.class,
          LateralJoin.class,
          LocalLimit.class,
          LocalRelation.class,
          Offset.class,
          OneRowRelation.class,
          Pivot.class,
          Project.class,
          RebalancePartitions.class,
          RelationTimeTravel.class,
          Repartition.class,
          RepartitionByExpression.class,
          Sample.class,
          Sort.class,
          SubqueryAlias.class,
          Union.class,
          UnresolvedHaving.class,
          UnresolvedHint.class,
          UnresolvedInlineTable.class,
          UnresolvedRelation.class,
          UnresolvedSubqueryColumnAliases.class,
          UnresolvedTVFAliases.class,
          UnresolvedTableValuedFunction.class,
          UnresolvedWith.class,
          Unpivot.class,
          Window.class,
          WithWindowDefinition.class);

  /** Commands that only tell. */
  private static final Set<Class<?>> TELLING =
      Set.of(
          DescribeColumn.class,
          DescribeDeltaDetailCommand.class,
          DescribeDeltaHistory.class,
          DescribeFunction.class,
          DescribeNamespace.class,
          DescribeQueryCommand.class,
          DescribeRelation.class,
          ExplainCommand.class,
          SetCommand.class,
          ShowColumns.class,
          ShowCreateTable.class,
          ShowCurrentNamespaceCommand.class,
          ShowFunctions.class,
          ShowNamespaces.class,
          ShowPartitions.class,
          ShowTableProperties.class,
          ShowTables.class,
          ShowViews.class,
          UnresolvedFunctionName.class,
          UnresolvedNamespace.class,
          UnresolvedTable.class,
          UnresolvedTableOrView.class);

  /** What a message may carry of a cell, and a terminal would obey. */
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

  private static final List<String> JAVA = List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");

  /** Functions that stand for a table and compute it. */
  private static final Set<String> TABLE_FUNCTIONS =
      Set.of(
          "range",
          "explode",
          "explode_outer",
          "inline",
          "inline_outer",
          "json_tuple",
          "posexplode",
          "posexplode_outer",
          "stack");

  /** Settings that change how a query is answered, and nothing else. */
  private static final Set<String> HARMLESS_KEYS =
      Set.of(
          "spark.sql.ansi.enabled", "spark.sql.session.timeZone", "spark.sql.shuffle.partitions");

  private final SparkSession spark;
  private final String database;

  /**
   * @param lake whose tables are read
   * @throws UserError INPUT_MISSING if it holds none
   */
  public ReadOnlySql(Lake lake) {
    this.spark = lake.spark().newSession();
    // Neither a path in the place of a table, nor ${env:...} in the text of a query.
    spark.conf().set("spark.sql.runSQLOnFiles", "false");
    spark.conf().set("spark.sql.variable.substitute", "false");
    this.database = lake.database();
    if (new Lake(spark, lake.root()).register().isEmpty()) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot query the lake %s: it holds no table. Run submit-scripts/quickstart, or name"
              + " another with --lake.",
          lake.root());
    }
  }

  /**
   * The query's rows, which are computed as they are fetched.
   *
   * @throws UserError CONFIG_INVALID if the query does more than read, or is not understood
   */
  public Dataset<Row> rows(String query) {
    try {
      requireReading(spark.sessionState().sqlParser().parsePlan(query));
      return spark.sql(query);
    } catch (AnalysisException e) {
      throw notAnswered(e.getMessage());
    }
  }

  /** What the person who asked is told of a query that failed, empty for a defect of ours. */
  public static Optional<UserError> failure(Throwable failure) {
    Optional<UserError> stored = BucketFailure.of(failure).or(() -> StorageFailure.of(failure));
    if (stored.isPresent()) {
      return stored;
    }
    Throwable root = RootCause.of(failure);
    if (root instanceof OutOfMemoryError) {
      return Optional.of(
          notAnswered(
              "what it asks for at once does not fit into the driver's memory. Ask for fewer rows,"
                  + " or give more with --spark spark.driver.memory=8g"));
    }
    if (root instanceof StackOverflowError) {
      return Optional.of(notAnswered("it is nested too deeply. Take it apart with WITH"));
    }
    return isOurs(root) ? Optional.empty() : Optional.of(notAnswered(RootCause.words(root)));
  }

  /**
   * Whether our own code threw it. What Spark, Java and the libraries of Spark's functions throw
   * while they answer is about what was asked: a pattern, a time zone, an encoding, a number.
   */
  private static boolean isOurs(Throwable failure) {
    return Arrays.stream(failure.getStackTrace())
        .map(StackTraceElement::getClassName)
        .filter(name -> JAVA.stream().noneMatch(name::startsWith))
        .findFirst()
        .filter(name -> name.startsWith("io.lakeloop."))
        .isPresent();
  }

  private static UserError notAnswered(String why) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot answer the query: %s.",
        String.valueOf(why)
            .lines()
            .filter(line -> !line.isBlank())
            .findFirst()
            .map(line -> CONTROL.matcher(line).replaceAll("?"))
            .orElse("it is not understood")
            .replaceAll("[.;]+$", ""));
  }

  /** Looks at all that the parser made of the query, wherever in the tree it stands. */
  private void requireReading(Object part) {
    if (part instanceof LogicalPlan plan) {
      requireReadingNode(plan);
    } else if (part instanceof UnresolvedFunction function) {
      requireHarmlessFunction(function.nameParts());
    } else if (part instanceof ExpressionWithUnresolvedIdentifier) {
      throw refused("IDENTIFIER(...) names what cannot be told beforehand");
    }
    if (part instanceof Product product) {
      product.productIterator().foreach(inner -> inside(inner));
    } else if (part instanceof Iterable<?> many) {
      many.foreach(inner -> inside(inner));
    }
  }

  private Object inside(Object part) {
    requireReading(part);
    return null;
  }

  private void requireReadingNode(LogicalPlan node) {
    if (!READING.contains(node.getClass()) && !TELLING.contains(node.getClass())) {
      throw refused("%s does more than read", words(node));
    }
    if (node instanceof UnresolvedRelation relation) {
      requireTable(relation.multipartIdentifier());
      if (!relation.options().isEmpty() || relation.isStreaming()) {
        throw refused("a table is read as it is, without options");
      }
    } else if (node instanceof UnresolvedTableOrView table) {
      requireTable(table.multipartIdentifier());
    } else if (node instanceof UnresolvedTable table) {
      requireTable(table.multipartIdentifier());
    } else if (node instanceof UnresolvedTableValuedFunction function) {
      requireTableFunction(function.name());
    } else if (node instanceof SetCommand set) {
      requireHarmlessSetting(set.kv());
    }
  }

  /** A table of the lake has a plain name; what has more parts may be a path in a format. */
  private void requireTable(Seq<String> parts) {
    List<String> names = JavaConverters.seqAsJavaList(parts);
    List<String> scope = names.subList(0, names.size() - 1);
    if (!List.of(List.of(), List.of(database), List.of("spark_catalog", database))
        .contains(scope)) {
      throw refused(
          "%s is no table of the lake: tables go by their plain names, as in SELECT * FROM runs",
          String.join(".", names));
    }
  }

  private void requireTableFunction(Seq<String> parts) {
    String name = parts.mkString(".").toLowerCase(Locale.ROOT);
    if (!TABLE_FUNCTIONS.contains(name)) {
      throw refused(
          "the table function %s is not among %s",
          name, TABLE_FUNCTIONS.stream().sorted().collect(Collectors.joining(", ")));
    }
  }

  private void requireHarmlessFunction(Seq<String> parts) {
    String name = parts.last().toLowerCase(Locale.ROOT);
    Option<ExpressionInfo> info =
        spark.sessionState().functionRegistry().lookupFunction(new FunctionIdentifier(name));
    // What the registry does not know is told by the analysis, by the query's own words.
    if (info.isDefined() && isReaching(info.get().getClassName())) {
      throw refused("the function %s reaches beyond the tables", name);
    }
  }

  /** Functions that call the JVM's methods, tell of files, or resolve what XML refers to. */
  private static boolean isReaching(String expression) {
    String name = expression.substring(expression.lastIndexOf('.') + 1);
    return expression.equals(CallMethodViaReflection.class.getName())
        || name.startsWith("InputFile")
        || expression.startsWith("org.apache.spark.sql.catalyst.expressions.xml.");
  }

  private static void requireHarmlessSetting(Option<Tuple2<String, Option<String>>> setting) {
    String key = setting.isEmpty() ? "" : setting.get()._1();
    if (!HARMLESS_KEYS.contains(key)) {
      throw refused(
          "SET is for %s", HARMLESS_KEYS.stream().sorted().collect(Collectors.joining(", ")));
    }
  }

  private static String words(LogicalPlan node) {
    return node.getClass()
        .getSimpleName()
        .replaceAll("(Command|Statement|Plan)$", "")
        .replaceAll("([a-z])([A-Z])", "$1 $2")
        .toLowerCase(Locale.ROOT);
  }

  private static UserError refused(String why, Object... arguments) {
    return new UserError(
        ErrorCode.CONFIG_INVALID,
        "Cannot answer the query: %s. SQL reads here; only jobs write to the lake.",
        String.format(Locale.ROOT, why, arguments));
  }
}
