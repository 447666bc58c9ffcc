package io.lakeloop.feedback.logs;

import static org.assertj.core.api.Assertions.assertThat;

import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.text.Pseudonyms;
import java.sql.Timestamp;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One exchange out of each form that logs come in, and what becomes of roles and parts. */
class LogFormatTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

  private static List<Turn> turns(String record) {
    LogRecord parsed = LogRecord.parse(record);
    RecordReader.Raw raw =
        new RecordReader.Raw(
            "r",
            "system",
            "file",
            1,
            record,
            LogFormat.of(parsed.node()),
            List.of(),
            new Timestamp(0),
            BERLIN);
    return new RecordReader(new Pseudonyms(new byte[32])).turns(raw, parsed);
  }

  private static Turn turn(String record) {
    List<Turn> turns = turns(record);
    assertThat(turns).hasSize(1);
    assertThat(turns.get(0).text("reason")).isNull();
    return turns.get(0);
  }

  private static String refusal(String record) {
    List<Turn> turns = turns(record);
    assertThat(turns).hasSize(1);
    return turns.get(0).text("reason_code");
  }

  private static String said(Turn turn) {
    return turn.before().messages().stream()
        .map(message -> message.role().label() + ":" + message.content())
        .collect(Collectors.joining(" | "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "OPENAI_CHAT~{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}],\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"A\"}}]}",
        "OPENAI_CHAT~{\"request\":{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}]},\"response\":{\"choices\":[{\"message\":{\"content\":\"A\"}}]}}",
        "OPENAI_CHAT~{\"request\":{\"url\":\"/v1\",\"body\":{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}]}},\"response\":{\"status\":200,\"body\":{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"A\"}}]}}}",
        "OPENAI_CHAT~{\"request\":{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}]},\"response\":[{\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]},{\"choices\":[{\"delta\":{\"content\":\"A\"}}]},{\"choices\":[]}]}",
        "OPENAI_CHAT~{\"prompt\":\"Q\",\"choices\":[{\"text\":\"A\"}]}",
        "OPENAI_CHAT~{\"id\":\"x\",\"call_type\":\"acompletion\",\"startTime\":1734366691.12,\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}],\"response\":{\"choices\":[{\"message\":{\"content\":\"A\"}}]}}",
        "OPENAI_CHAT~{\"request_id\":\"x\",\"messages\":\"{}\",\"proxy_server_request\":\"{\\\"messages\\\":[{\\\"role\\\":\\\"user\\\",\\\"content\\\":\\\"Q\\\"}]}\",\"response\":\"{\\\"choices\\\":[{\\\"message\\\":{\\\"content\\\":\\\"A\\\"}}]}\"}",
        "ANTHROPIC~{\"request\":{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Q\"}]}]},\"response\":{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"A\"}]}}",
        "OPENAI_RESPONSES~{\"object\":\"response\",\"input\":\"Q\",\"output\":[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"A\"}]}]}",
        "OPENAI_RESPONSES~{\"request\":{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"Q\"}]}]},\"response\":{\"output\":[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"A\"}]}]}}",
        "OPENAI_BATCH~{\"custom_id\":\"1\",\"request\":{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}]},\"response\":{\"status_code\":200,\"body\":{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"A\"}}]}}}",
        "BEDROCK~{\"schemaType\":\"ModelInvocationLog\",\"input\":{\"inputBodyJson\":{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Q\"}]}]}},\"output\":{\"outputBodyJson\":{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"A\"}]}}}}}",
        "BEDROCK~{\"input\":{\"inputBodyJson\":{\"anthropic_version\":\"b\",\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}]}},\"output\":{\"outputBodyJson\":{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"A\"}]}}}",
        "BEDROCK~{\"input\":{\"inputBodyJson\":{\"inputText\":\"Q\"}},\"output\":{\"outputBodyJson\":{\"results\":[{\"outputText\":\"A\"}]}}}",
        "BEDROCK~{\"input\":{\"inputBodyJson\":{\"prompt\":\"Q\"}},\"output\":{\"outputBodyJson\":{\"generation\":\"A\"}}}",
        "BEDROCK~{\"input\":{\"inputBodyJson\":{\"messages\":[{\"content\":[{\"text\":\"Q\"}],\"role\":\"user\"}]}},\"output\":{\"outputBodyJson\":[{\"messageStart\":{\"role\":\"assistant\"}},{\"contentBlockDelta\":{\"delta\":{\"text\":\"A\"}}}]}}",
        "GEMINI~{\"request\":{\"contents\":[{\"parts\":[{\"text\":\"Q\"}]}]},\"response\":{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"why\",\"thought\":true},{\"text\":\"A\"}]}}]}}",
        "LANGFUSE~{\"type\":\"GENERATION\",\"input\":[{\"role\":\"user\",\"content\":\"Q\"}],\"output\":{\"role\":\"assistant\",\"content\":\"A\"}}",
        "LANGFUSE~{\"type\":\"GENERATION\",\"input\":\"[{\\\"role\\\":\\\"user\\\",\\\"content\\\":\\\"Q\\\"}]\",\"output\":\"A\"}",
        "LANGSMITH~{\"inputs\":{\"messages\":[[{\"lc\":1,\"type\":\"constructor\",\"id\":[\"langchain\",\"schema\",\"messages\",\"HumanMessage\"],\"kwargs\":{\"content\":\"Q\"}}]]},\"outputs\":{\"generations\":[[{\"text\":\"A\",\"message\":{\"id\":[\"AIMessage\"],\"kwargs\":{\"content\":\"A\",\"type\":\"ai\"}}}]]}}",
        "LANGSMITH~{\"inputs\":{\"messages\":[{\"type\":\"human\",\"data\":{\"content\":\"Q\"}}]},\"outputs\":{\"messages\":[{\"type\":\"human\",\"content\":\"Q\"},{\"type\":\"ai\",\"content\":\"A\"}]}}",
        "OPENTELEMETRY~{\"attributes\":{\"gen_ai.input.messages\":[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Q\"}]}],\"gen_ai.output.messages\":[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":\"A\"}],\"finish_reason\":\"stop\"}]}}",
        "SHAREGPT~{\"conversations\":[{\"from\":\"human\",\"value\":\"Q\"},{\"from\":\"gpt\",\"value\":\"A\"}]}",
        "SHAREGPT~{\"conversations\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\"}]}",
        "SHAREGPT~{\"conversation_hash\":\"h\",\"model\":\"m\",\"conversation\":[{\"content\":\"Q\",\"role\":\"user\",\"toxic\":false},{\"content\":\"A\",\"role\":\"assistant\"}]}",
      })
  void oneExchangeOfEachForm(LogFormat format, String record) {
    assertThat(LogFormat.of(LogRecord.parse(record).node())).isEqualTo(format);
    Turn turn = turn(record);
    assertThat(said(turn)).isEqualTo("user:Q");
    assertThat(turn.text("completion")).isEqualTo("A");
  }

  @Test
  void aGreetingIsHistoryAndNoAnswer() {
    Turn turn =
        turn(
            """
            {"messages":[{"role":"assistant","content":"Welcome"},{"role":"user","content":"Q"},
              {"role":"assistant","content":"A"}]}""");
    assertThat(said(turn)).isEqualTo("assistant:Welcome | user:Q");
    assertThat(turn.text("prompt")).isEqualTo("Q");
    assertThat(turn.text("completion")).isEqualTo("A");
  }

  @Test
  void callsAndResultsStandBeforeTheAnswerInEveryForm() {
    for (String record :
        List.of(
            """
            {"conversations":[{"from":"human","value":"Q"},
              {"from":"function_call","value":"{\\"name\\":\\"f\\",\\"arguments\\":{\\"a\\":1}}"},
              {"from":"observation","value":"R"},{"from":"gpt","value":"A"}]}""",
            """
            {"messages":[{"role":"user","content":"Q"},
              {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",
                "function":{"name":"f","arguments":"{\\"a\\":1}"}}]},
              {"role":"tool","tool_call_id":"1","content":"R"},{"role":"assistant","content":"A"}]}""",
            """
            {"messages":[{"role":"user","content":"Q"},
              {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\\"a\\":1}"}},
              {"role":"function","name":"f","content":"R"},{"role":"assistant","content":"A"}]}""",
            """
            {"request":{"messages":[{"role":"user","content":"Q"},
              {"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{"a":1}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"R"}]}]},
             "response":{"type":"message","role":"assistant","content":[{"type":"text","text":"A"}]}}""",
            """
            {"input":{"inputBodyJson":{"messages":[{"role":"user","content":[{"text":"Q"}]},
              {"role":"assistant","content":[{"toolUse":{"toolUseId":"1","name":"f","input":{"a":1}}}]},
              {"role":"user","content":[{"toolResult":{"toolUseId":"1","content":[{"text":"R"}]}}]}]}},
             "output":{"outputBodyJson":{"output":{"message":{"role":"assistant","content":[{"text":"A"}]}}}}}""",
            """
            {"object":"response","input":[{"role":"user","content":"Q"}],"output":[
              {"type":"function_call","call_id":"1","name":"f","arguments":"{\\"a\\":1}"},
              {"type":"function_call_output","call_id":"1","output":"R"},
              {"type":"message","role":"assistant","content":[{"type":"output_text","text":"A"}]}]}""")) {
      Turn turn = turn(record);
      assertThat(said(turn)).as(record).isEqualTo("user:Q | assistant: | tool:R");
      assertThat(turn.text("completion")).as(record).isEqualTo("A");
      Row call = ((Row[]) turn.get("tool_calls"))[0];
      assertThat(Arrays.asList(call.get(0), call.get(1), call.get(2)))
          .as(record)
          .containsExactly("f", "{\"a\":1}", "R");
    }
  }

  @Test
  void anAnswerOfWeightZeroIsContextAlone() {
    for (String mark : List.of("\"weight\":0", "\"loss\":false", "\"train\":false")) {
      List<Turn> turns =
          turns(
              """
              {"messages":[{"role":"user","content":"Q1"},{"role":"assistant","content":"bad",%s},
                {"role":"user","content":"Q2"},{"role":"assistant","content":"A","weight":1}]}"""
                  .formatted(mark));
      assertThat(turns).hasSize(1);
      assertThat(said(turns.get(0))).isEqualTo("user:Q1 | assistant:bad | user:Q2");
      assertThat(turns.get(0).before().messages().get(1).weight()).isZero();
    }
  }

  @Test
  void partsThatAreNoTextLeavePlaceholdersAndAreNamed() {
    Turn turn =
        turn(
            """
            {"messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},
               {"type":"image_url","image_url":{"url":"x"}}]},
              {"role":"assistant","reasoning_content":"hm","content":null,"refusal":"No."}]}""");
    assertThat(turn.text("prompt")).isEqualTo("What is this?\n<image>");
    assertThat(turn.text("completion")).isEqualTo("No.");
    assertThat((String[]) turn.get("parts")).containsExactly("image", "reasoning", "refusal");
    String file = "{\"type\":\"%s\"}";
    for (String[] kind :
        new String[][] {{"input_audio", "audio"}, {"video_url", "video"}, {"input_file", "file"}}) {
      Turn other =
          turn(
              "{\"messages\":[{\"role\":\"user\",\"content\":[%s,{\"type\":\"text\",\"text\":\"?\"}]},{\"role\":\"assistant\",\"content\":\"A\"}]}"
                  .formatted(file.formatted(kind[0])));
      assertThat((String[]) other.get("parts")).containsExactly(kind[1]);
    }
  }

  @Test
  void choicesBesideOneAnotherAnswerTheSameTurn() {
    List<Turn> turns =
        turns(
            """
            {"messages":[{"role":"user","content":"Q"}],"choices":[
              {"index":0,"message":{"role":"assistant","content":"A"}},
              {"index":1,"message":{"role":"assistant","content":"B"}}]}""");
    assertThat(turns.stream().map(t -> t.text("completion"))).containsExactly("A", "B");
    assertThat(turns.stream().map(t -> t.get("turn"))).containsExactly(1, 1);
    assertThat(turns.stream().map(t -> t.text("interaction_id")).distinct()).hasSize(2);
  }

  @Test
  void choicesBehindAResultAreAllKept() {
    List<Turn> turns =
        turns(
            """
            {"messages":[{"role":"user","content":"Q"},
              {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",
                "function":{"name":"f","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"1","content":"R"}],"choices":[
              {"index":0,"message":{"role":"assistant","content":"A"}},
              {"index":1,"message":{"role":"assistant","content":"B"}}]}""");
    assertThat(turns.stream().map(t -> t.text("completion"))).containsExactly("A", "B");
  }

  @Test
  void whoSpeaksTwiceInARowHasOneMessage() {
    Turn turn =
        turn(
            """
            {"messages":[{"role":"user","content":"Q1"},{"role":"user","content":"Q2"},
              {"role":"assistant","content":"A"},{"role":"assistant","content":"B"}]}""");
    assertThat(turn.text("prompt")).isEqualTo("Q1\n\nQ2");
    assertThat(turn.text("completion")).isEqualTo("A\n\nB");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "UNKNOWN_ROLE~{\"messages\":[{\"role\":\"narrator\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\"}]}",
        "UNKNOWN_ROLE~{\"conversations\":[{\"from\":\"utilisateur\",\"value\":\"Q\"},{\"from\":\"gpt\",\"value\":\"A\"}]}",
        "UNKNOWN_ROLE~{\"messages\":[{\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\"}]}",
        "UNKNOWN_PART~{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"hologram\"}]},{\"role\":\"assistant\",\"content\":\"A\"}]}",
        "NO_EXCHANGE~{\"messages\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"assistant\",\"content\":\"A\"}]}",
        "EMPTY_PROMPT~{\"messages\":[{\"role\":\"user\",\"content\":\" \"},{\"role\":\"assistant\",\"content\":\"A\"}]}",
        "EMPTY_ANSWER~{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"\"}]}",
        "NO_ANSWER~{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"wait\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}]}",
        "NO_PROMPT~{\"custom_id\":\"1\",\"response\":{\"body\":{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"A\"}}]}}}",
        "WRONG_TYPE~{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\",\"weight\":\"low\"}]}",
        "MISSING_HISTORY~{\"object\":\"response\",\"previous_response_id\":\"r0\",\"input\":\"Yes, please.\",\"output\":[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"A\"}]}]}",
        "UNKNOWN_FORM~{\"greeting\":\"hello\"}",
      })
  void whatCannotBeReadIsRefusedByItsName(String code, String record) {
    assertThat(refusal(record)).isEqualTo(code);
  }

  @Test
  void namesOfRolesAreShownAndWhatMayBeMoreIsNot() {
    String form = "{\"messages\":[{\"role\":\"%s\",\"content\":\"Q\"}]}";
    assertThat(turns(form.formatted("用户")).get(0).text("reason")).contains("'用户'");
    assertThat(turns(form.formatted("jane@mail.example")).get(0).text("reason"))
        .doesNotContain("jane")
        .contains("of 17 characters");
  }

  /** A call without an answer and an empty answer cost no other exchange its own. */
  @Test
  void oneExchangeThatIsRefusedCostsNoOther() {
    List<Turn> turns =
        turns(
            """
            {"messages":[{"role":"user","content":"Q1"},{"role":"assistant","content":""},
              {"role":"user","content":"Q2"},{"role":"assistant","content":"A"}]}""");
    assertThat(turns.stream().map(t -> String.valueOf(t.text("reason_code"))))
        .containsExactly("EMPTY_ANSWER", "null");
  }

  @Test
  void fieldsBesideTheTextsAreFoundUnderTheNamesOfTheirForms() {
    Turn turn =
        turn(
            """
            {"schemaType":"ModelInvocationLog","timestamp":"2026-01-02T03:04:05Z","modelId":"m-2",
             "input":{"inputBodyJson":{"messages":[{"role":"user","content":[{"text":"Q"}]}]},"inputTokenCount":9},
             "output":{"outputBodyJson":{"output":{"message":{"role":"assistant","content":[{"text":"A"}]}}},"outputTokenCount":8}}""");
    assertThat(turn.text("model_version")).isEqualTo("m-2");
    assertThat(turn.get("tokens_in")).isEqualTo(9L);
    assertThat(turn.get("tokens_out")).isEqualTo(8L);
    assertThat(((Timestamp) turn.get("created_at")).toInstant())
        .hasToString("2026-01-02T03:04:05Z");
  }

  @ParameterizedTest
  @ValueSource(strings = {"2026-01-05 08:00:58", "2026-01-05T08:00:58", "\"2026-01-05T07:00:58Z\""})
  void timesWithoutAZoneAreOfTheZoneThatIsSet(String time) {
    String quoted = time.startsWith("\"") ? time : "\"" + time + "\"";
    Turn turn =
        turn(
            "{\"created\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Q\"},{\"role\":\"assistant\",\"content\":\"A\"}]}"
                .formatted(quoted));
    assertThat(((Timestamp) turn.get("created_at")).toInstant())
        .hasToString("2026-01-05T07:00:58Z");
  }

  @Test
  void ourOwnFormKeepsItsMessagesAndEndsInItsPrompt() {
    String record =
        """
        {"conversation_id":"c","created_at":"2026-01-01T00:00:00Z","prompt":"Q","completion":"A",
         "messages":%s,"retrieved_documents":[{"id":"d1","text":"D"}]}""";
    String earlier = "[{\"role\":\"system\",\"content\":\"S\"}]";
    Turn turn = turn(record.formatted(earlier));
    assertThat(said(turn)).isEqualTo("system:S | document:D | user:Q");
    String whole =
        "[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"Q\"}]";
    assertThat(said(turn(record.formatted(whole)))).isEqualTo("system:S | user:Q");
  }

  @Test
  void functionsOnOfferAndInstructionsComeFirst() {
    Turn turn =
        turn(
            """
            {"request":{"system":"S","tools":[{"name":"f"}],"messages":[{"role":"user","content":"Q"}]},
             "response":{"type":"message","role":"assistant","content":[{"type":"text","text":"A"}]}}""");
    assertThat(turn.before().messages().stream().map(Message::role))
        .containsExactly(Role.SYSTEM, Role.TOOLS, Role.USER);
  }
}
