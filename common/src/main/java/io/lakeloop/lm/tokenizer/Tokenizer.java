package io.lakeloop.lm.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.lakeloop.chat.Conversation;
import io.lakeloop.chat.Message;
import io.lakeloop.chat.Role;
import io.lakeloop.config.ErrorCode;
import io.lakeloop.config.UserError;
import io.lakeloop.lm.LmConfig;
import io.lakeloop.lm.ModelJson;
import io.lakeloop.lm.SpecialTokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;

/**
 * Text to token ids and back, in the chat form of the model whose folder it is opened from: {@code
 * tokenizer.json}, the special tokens and template of {@code tokenizer_config.json}, the end tokens
 * of {@code generation_config.json}. Conversations become the ids that transformers'
 * apply_chat_template gives, but what people wrote never becomes a special token.
 */
public final class Tokenizer implements AutoCloseable {
  private static final List<String> ANCHORS = List.of("\n", "a", ".");

  private final TextEncoder encoder;
  private final ChatTemplate template;
  private final Vocabulary vocabulary;
  private final int[] opening;

  private Tokenizer(TextEncoder encoder, ChatTemplate template, Vocabulary vocabulary) {
    this.encoder = encoder;
    this.template = template;
    this.vocabulary = vocabulary;
    this.opening = template.isPlain() ? encoder.opening() : new int[0];
  }

  /** Opens the tokenizer of a model folder; templates that ask are told 26 July 2024. */
  public static Tokenizer open(Path folder) throws IOException {
    return open(folder, ChatTemplate.FIXED_DAY);
  }

  /**
   * Opens the tokenizer of a model folder.
   *
   * @param today the day that templates are told where they ask for it ({@code strftime_now})
   * @throws UserError INPUT_MISSING where there is no tokenizer.json; CONFIG_INVALID where its end
   *     token is not known, or its chat template cannot be read
   */
  public static Tokenizer open(Path folder, LocalDate today) throws IOException {
    Path tokenizerJson = folder.resolve("tokenizer.json");
    if (!Files.isRegularFile(tokenizerJson)) {
      throw new UserError(
          ErrorCode.INPUT_MISSING,
          "Cannot load the tokenizer in %s: it has no tokenizer.json. Save the model's fast"
              + " tokenizer there.",
          folder);
    }
    // The binding has no bounds of its own.
    Vocabulary.Files files = Vocabulary.Files.read(folder, ModelJson.read(tokenizerJson));
    TextEncoder encoder =
        new TextEncoder(
            delegate(tokenizerJson), Files.readAllBytes(tokenizerJson), files.specialIds());
    try {
      ChatTemplate template =
          new ChatTemplate(
              TemplateFiles.in(folder, files.tokenizerConfig()),
              files.namedTokens(),
              encoder.marks(),
              today,
              folder);
      return new Tokenizer(encoder, template, new Vocabulary(files, template.turnEnd(), folder));
    } catch (IOException | RuntimeException e) {
      encoder.close();
      throw e;
    }
  }

  private static HuggingFaceTokenizer delegate(Path tokenizerJson) throws IOException {
    try {
      // Unless told otherwise the binding cuts at 512 tokens and pads.
      return HuggingFaceTokenizer.builder()
          .optTokenizerPath(tokenizerJson)
          .optTruncation(false)
          .optPadding(false)
          .build();
    } catch (RuntimeException e) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot read %s: it describes no tokenizer that is known: %s. Save the model's fast"
              + " tokenizer there.",
          tokenizerJson,
          String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given"));
    }
  }

  /** Ends of a completion, and what is never drawn. */
  public SpecialTokens specialTokens() {
    return vocabulary.specialTokens();
  }

  /** What the form of the chat template is called, for people. */
  public String form() {
    return TemplateForm.of(template);
  }

  /** What ends an answer, as text where it has one. */
  public List<String> ends() {
    return specialTokens().end().stream().map(vocabulary::shown).toList();
  }

  /** The highest id that the tokenizer may give: an embedding must have a row for it. */
  public int highestId() {
    return vocabulary.highestId();
  }

  /**
   * @throws UserError ARTIFACT_CORRUPT if the tokenizer gives ids that the model has no row for
   */
  public void requireWithin(LmConfig config, Path folder) {
    if (highestId() >= config.vocabSize()) {
      throw new UserError(
          ErrorCode.ARTIFACT_CORRUPT,
          "Cannot use the model in %s: its tokenizer gives ids up to %d, but its embedding has %d"
              + " rows. Put the tokenizer that it was trained with beside it.",
          folder,
          highestId(),
          config.vocabSize());
    }
  }

  /** Ids of a text alone, with the special tokens that the tokenizer itself adds. */
  public int[] encode(String text) {
    return encoder.added(text);
  }

  /** Ids of a prompt, opened for the assistant's answer; the tail is kept where it is too long. */
  public int[] prompt(String text, int maxTokens) {
    return prompt(Conversation.of(text), maxTokens);
  }

  /** Ids of a conversation, opened for the assistant's answer; see {@link #fit}. */
  public int[] prompt(Conversation before, int maxTokens) {
    return fit(before, maxTokens).ids();
  }

  /**
   * Ids of a conversation, opened for the assistant's answer. Where it is too long, whole oldest
   * turns go first, then the head of what the last user said.
   *
   * @throws UserError CONFIG_INVALID if the template refuses the conversation or fails on it
   */
  public Encoded fit(Conversation before, int maxTokens) {
    int[] whole = asked(before);
    if (whole.length <= maxTokens) {
      return new Encoded(whole, 0, 0);
    }
    OldestTurns turns = new OldestTurns(before);
    int cut = fewestCut(turns, maxTokens, part -> asked(part).length);
    Conversation left = turns.without(cut);
    int[] ids = asked(left);
    if (ids.length > maxTokens) {
      ids = headless(left, ids, maxTokens);
    }
    return new Encoded(
        ids, before.messages().size() - left.messages().size(), whole.length - ids.length);
  }

  /**
   * The fewest turns to cut so that the rest fits, or as many as can be. It is sought from the
   * newest turn back, so that what fits is rendered, not what is long.
   */
  private static int fewestCut(
      OldestTurns turns, int maxTokens, ToIntFunction<Conversation> length) {
    int kept = 1;
    int tooMany = 2;
    while (tooMany <= turns.most()
        && length.applyAsInt(turns.without(turns.most() + 1 - tooMany)) <= maxTokens) {
      kept = tooMany;
      tooMany *= 2;
    }
    tooMany = Math.min(tooMany, turns.most() + 1);
    while (kept + 1 < tooMany) {
      int middle = (kept + tooMany) / 2;
      if (length.applyAsInt(turns.without(turns.most() + 1 - middle)) <= maxTokens) {
        kept = middle;
      } else {
        tooMany = middle;
      }
    }
    return turns.most() + 1 - kept;
  }

  private int[] asked(Conversation before) {
    return ids(template.render(before, true, before));
  }

  private int[] ids(ChatTemplate.Text text) {
    return join(opening, encoder.ids(text.marked(), text.mark()));
  }

  /** The prompt whose last user's text has lost its head; the frame around it stays. */
  private int[] headless(Conversation prompt, int[] whole, int maxTokens) {
    int[] frame = asked(silent(prompt));
    int head = common(whole, frame, i -> i);
    int tail = common(whole, frame, i -> -1 - i);
    if (head + Math.min(tail, frame.length - head) > maxTokens) {
      return Arrays.copyOfRange(whole, whole.length - maxTokens, whole.length);
    }
    return join(
        Arrays.copyOf(whole, head),
        Arrays.copyOfRange(whole, whole.length - (maxTokens - head), whole.length));
  }

  /** The same where the user said nothing last. */
  private static Conversation silent(Conversation conversation) {
    List<Message> messages = new ArrayList<>(conversation.messages());
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i).role() == Role.USER) {
        messages.set(i, Message.of(Role.USER, ""));
        break;
      }
    }
    return new Conversation(messages);
  }

  /** How many ids are the same from one end; places below 0 count from behind. */
  private static int common(int[] left, int[] right, IntFunction<Integer> place) {
    int same = 0;
    while (same < Math.min(left.length, right.length)
        && at(left, place.apply(same)) == at(right, place.apply(same))) {
      same++;
    }
    return same;
  }

  private static int at(int[] ids, int place) {
    return ids[place < 0 ? ids.length + place : place];
  }

  /** Ids of a completion with its end token; the head is kept where it is too long. */
  public int[] completion(String text, int maxTokens) {
    return head(ended(encoder.words(text)), maxTokens).ids();
  }

  /** Ids that follow those of the prompt where the assistant answers; see {@link #answer}. */
  public int[] completion(Conversation before, String answer, int maxTokens) {
    return answer(before, answer, maxTokens).ids();
  }

  /**
   * Ids that follow those of the prompt where the assistant answers, with the token that ends the
   * turn, as the template writes them; the head is kept where they are too many.
   */
  public Encoded answer(Conversation before, String answer, int maxTokens) {
    return head(rest(before, Message.of(Role.ASSISTANT, answer)), maxTokens);
  }

  private static Encoded head(int[] ids, int maxTokens) {
    int kept = Math.min(ids.length, maxTokens);
    return new Encoded(Arrays.copyOf(ids, kept), 0, ids.length - kept);
  }

  private int[] ended(int[] ids) {
    return join(ids, new int[] {vocabulary.end()});
  }

  private int[] rest(Conversation before, Message answer) {
    Conversation whole = before.with(answer);
    ChatTemplate.Text prompt = template.render(before, true, whole);
    ChatTemplate.Text full = template.render(whole, false, whole);
    if (!full.marked().startsWith(prompt.marked())) {
      // The template writes a past answer otherwise than one that is asked for.
      return ended(
          encoder.continuation(encoder.mark(answer.content(), full.mark()), full.mark(), ANCHORS));
    }
    String rest = full.marked().substring(prompt.marked().length());
    int stop = vocabulary.stop(rest);
    String closed = stop >= 0 ? rest.substring(0, stop) : unended(rest, answer, full.mark());
    int[] ids =
        template.isLone(whole)
            ? encoder.ids(closed, full.mark())
            : following(prompt.marked(), closed, full.mark());
    return stop >= 0 ? ids : ended(ids);
  }

  /** The rest without blanks that the template sets behind the answer. */
  private String unended(String rest, Message answer, char mark) {
    String words = encoder.mark(answer.content(), mark);
    return rest.startsWith(words) && rest.substring(words.length()).isBlank() ? words : rest;
  }

  private int[] following(String prompt, String rest, char mark) {
    int[] before = encoder.ids(prompt, mark);
    int[] both = encoder.ids(prompt + rest, mark);
    return common(before, both, i -> i) == before.length
        ? Arrays.copyOfRange(both, before.length, both.length)
        : encoder.continuation(rest, mark, ANCHORS);
  }

  /**
   * A whole conversation with its assistant's turns marked. Where it is too long, whole oldest
   * turns go first; where the last turn alone is, its prompt and answer are cut as by {@link #fit}
   * and {@link #answer}.
   *
   * <p>An assistant's turn is marked where the template has generation blocks, or where what it
   * writes up to there is what it writes of the conversation up to there; templates that rewrite
   * earlier turns leave those unmarked.
   */
  public Turns turns(Conversation whole, int maxTokens) {
    int all = told(whole);
    if (all <= maxTokens) {
      return masked(whole);
    }
    OldestTurns turns = new OldestTurns(whole);
    Conversation left = turns.without(fewestCut(turns, maxTokens, this::told));
    Turns kept = told(left) <= maxTokens ? masked(left) : lastExchange(left, maxTokens);
    return new Turns(
        kept.ids(),
        kept.answers(),
        whole.messages().size() - left.messages().size(),
        all - kept.ids().length);
  }

  /** How many tokens a whole conversation takes at most. */
  private int told(Conversation whole) {
    return ids(template.render(whole, false, whole)).length + 1;
  }

  private Turns masked(Conversation whole) {
    if (template.isLone(whole) && whole.messages().size() > 1) {
      return lastExchange(whole, Integer.MAX_VALUE);
    }
    ChatTemplate.Text text = template.render(whole, false, whole);
    AnswerSpans spans = new AnswerSpans(template, vocabulary);
    Turns turns = encoder.within(text.marked(), text.mark(), spans.in(whole, text));
    int[] ids = join(opening, turns.ids());
    boolean[] answers = new boolean[ids.length];
    System.arraycopy(turns.answers(), 0, answers, opening.length, turns.ids().length);
    return closed(whole, text, new Turns(ids, answers, 0, 0));
  }

  /** Where the template writes no end token behind a last answer, one is added. */
  private Turns closed(Conversation whole, ChatTemplate.Text text, Turns turns) {
    List<Message> messages = whole.messages();
    Message last = messages.isEmpty() ? null : messages.get(messages.size() - 1);
    if (last == null || last.role() != Role.ASSISTANT || vocabulary.ends(text.marked())) {
      return turns;
    }
    int[] ids = ended(turns.ids());
    boolean[] answers = Arrays.copyOf(turns.answers(), ids.length);
    answers[ids.length - 1] =
        last.weight() > 0 && turns.ids().length > 0 && answers[ids.length - 2];
    return new Turns(ids, answers, 0, 0);
  }

  private Turns lastExchange(Conversation whole, int maxTokens) {
    List<Message> messages = whole.messages();
    Message last = messages.get(messages.size() - 1);
    if (last.role() != Role.ASSISTANT) {
      int[] ids = fit(whole, maxTokens).ids();
      return new Turns(ids, new boolean[ids.length], 0, 0);
    }
    Conversation before = new Conversation(messages.subList(0, messages.size() - 1));
    int[] answer = rest(before, last);
    int[] prompt = fit(before, Math.max(maxTokens - answer.length, maxTokens / 2)).ids();
    int[] ids = join(prompt, head(answer, maxTokens - prompt.length).ids());
    boolean[] answers = new boolean[ids.length];
    Arrays.fill(answers, prompt.length, ids.length, last.weight() > 0);
    return new Turns(ids, answers, 0, 0);
  }

  /** Text of the ids up to the first end token. */
  public String decode(int[] ids) {
    int length = 0;
    while (length < ids.length && !specialTokens().end().contains(ids[length])) {
      length++;
    }
    return encoder.decode(Arrays.stream(ids, 0, length).asLongStream().toArray());
  }

  private static int[] join(int[] left, int[] right) {
    int[] both = Arrays.copyOf(left, left.length + right.length);
    System.arraycopy(right, 0, both, left.length, right.length);
    return both;
  }

  @Override
  public void close() {
    encoder.close();
  }
}
