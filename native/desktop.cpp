// The desktop window. It draws only when something changed: input arrived, a job reported, or a
// help text is due; in between it sleeps.
#include "native/desktop.h"

#if ATTNLAB_HAS_UI

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <system_error>

#include <GLFW/glfw3.h>

#include "backends/imgui_impl_glfw.h"
#include "backends/imgui_impl_opengl3.h"
#include "core/codecs/citation.h"
#include "core/picture/svg.h"
#include "imgui.h"
#include "native/build.h"
#include "native/console.h"
#include "native/desktop_memory.h"
#include "native/desktop_picture.h"
#include "native/desktop_settings.h"
#include "native/interrupts.h"
#include "native/memory_limit.h"
#include "native/output_file.h"
#include "native/ranks.h"
#include "native/thread_pool.h"
#include "ui/app.h"
#include "ui/app_state.h"
#include "ui/gl_fields.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr double kRunningWait = 1.0 / 30;  // seconds between two looks at a run
constexpr double kDraftWait = 0.004;       // the same while a hand waits for a draft
constexpr double kIdleWait = 0.4;
constexpr int kSettlingFrames = 3;  // drawn after every event: layouts need a second look
constexpr int kWidth = 1280, kHeight = 820;

std::string g_glfw_error;

void keep_error(int, const char* description) {
  g_glfw_error = description;
}

/// The window with its OpenGL context; closes everything it opened.
class Window {
 public:
  explicit Window(const DesktopSettings& settings) {
    glfwSetErrorCallback(keep_error);
    if (!glfwInit()) return;
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
    forced_ratio_ = settings.pixel_ratio;
    int width = settings.width, height = settings.height;
    if (width == 0) fit_to_screen(width, height);
    const float scale = forced_ratio_ > 0 ? forced_ratio_ : monitor_scale();
    window_ = glfwCreateWindow(static_cast<int>(std::lround(static_cast<float>(width) * scale)),
                               static_cast<int>(std::lround(static_cast<float>(height) * scale)),
                               "Attention Lab", nullptr, nullptr);
    if (!window_) return;
    glfwSetWindowSizeLimits(window_, 360, 420, GLFW_DONT_CARE, GLFW_DONT_CARE);
    glfwMakeContextCurrent(window_);
    glfwSwapInterval(1);
  }
  ~Window() {
    if (window_) glfwDestroyWindow(window_);
    glfwTerminate();
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  GLFWwindow* handle() const { return window_; }

  struct Pixels {
    int width, height;   ///< of the frame buffer
    float ratio;         ///< frame buffer pixels per logical pixel
    float logical_unit;  ///< logical pixels per unit of mouse positions
  };
  Pixels pixels() const {
    Pixels p{};
    int window_width = 0, window_height = 0;
    glfwGetFramebufferSize(window_, &p.width, &p.height);
    glfwGetWindowSize(window_, &window_width, &window_height);
    float x_scale = 1, y_scale = 1;
    glfwGetWindowContentScale(window_, &x_scale, &y_scale);
    p.ratio = forced_ratio_ > 0 ? forced_ratio_ : usable_scale(x_scale);
    const float per_unit =
        window_width > 0 ? static_cast<float>(p.width) / static_cast<float>(window_width) : 1;
    p.logical_unit = per_unit / p.ratio;
    return p;
  }

 private:
  /// On systems where windows are measured in real pixels, sizes grow with the content scale.
  static float monitor_scale() {
#ifdef __APPLE__
    return 1;
#else
    float x = 1, y = 1;
    if (GLFWmonitor* monitor = glfwGetPrimaryMonitor()) glfwGetMonitorContentScale(monitor, &x, &y);
    return usable_scale(x);
#endif
  }

  /// The system's scale, within bounds: under XWayland or a remote desktop it can be too small,
  /// huge or NaN.
  static float usable_scale(float scale) {
    return scale > 1 ? std::min(scale, static_cast<float>(kMostRatio)) : 1;
  }

  static void fit_to_screen(int& width, int& height) {
    width = kWidth, height = kHeight;
    GLFWmonitor* monitor = glfwGetPrimaryMonitor();
    if (!monitor) return;
    int x = 0, y = 0, w = 0, h = 0;
    glfwGetMonitorWorkarea(monitor, &x, &y, &w, &h);
    const float scale = monitor_scale();
    if (w <= 0 || h <= 0) return;
    width = std::min(width, static_cast<int>(0.95f * static_cast<float>(w) / scale));
    height = std::min(height, static_cast<int>(0.9f * static_cast<float>(h) / scale));
  }

  GLFWwindow* window_ = nullptr;
  float forced_ratio_ = 0;
};

/// What GLFW's callbacks reach through the window.
struct Events {
  const Window* window;
  int frames_due = kSettlingFrames;
};

Events& events_of(GLFWwindow* window) {
  Events& events = *static_cast<Events*>(glfwGetWindowUserPointer(window));
  events.frames_due = kSettlingFrames;
  return events;
}

void install_callbacks(GLFWwindow* window, Events& events) {
  glfwSetWindowUserPointer(window, &events);
  glfwSetCursorPosCallback(window, [](GLFWwindow* w, double x, double y) {
    const double unit = events_of(w).window->pixels().logical_unit;
    ImGui_ImplGlfw_CursorPosCallback(w, x * unit, y * unit);
  });
  glfwSetCursorEnterCallback(window, [](GLFWwindow* w, int entered) {
    events_of(w);
    ImGui_ImplGlfw_CursorEnterCallback(w, entered);
  });
  glfwSetMouseButtonCallback(window, [](GLFWwindow* w, int button, int action, int mods) {
    events_of(w);
    ImGui_ImplGlfw_MouseButtonCallback(w, button, action, mods);
  });
  glfwSetScrollCallback(window, [](GLFWwindow* w, double x, double y) {
    events_of(w);
    ImGui_ImplGlfw_ScrollCallback(w, x, y);
  });
  glfwSetKeyCallback(window, [](GLFWwindow* w, int key, int code, int action, int mods) {
    events_of(w);
    ImGui_ImplGlfw_KeyCallback(w, key, code, action, mods);
  });
  glfwSetCharCallback(window, [](GLFWwindow* w, unsigned character) {
    events_of(w);
    ImGui_ImplGlfw_CharCallback(w, character);
  });
  glfwSetWindowFocusCallback(window, [](GLFWwindow* w, int focused) {
    events_of(w);
    ImGui_ImplGlfw_WindowFocusCallback(w, focused);
  });
  glfwSetFramebufferSizeCallback(window, [](GLFWwindow* w, int, int) { events_of(w); });
  glfwSetWindowContentScaleCallback(window, [](GLFWwindow* w, float, float) { events_of(w); });
  glfwSetWindowRefreshCallback(window, [](GLFWwindow* w) { events_of(w); });
}

/// "a.svg", or "a-2.svg" if a.svg exists: no file is overwritten.
std::string unused_name(const std::string& name) {
  const std::filesystem::path wanted(name);
  std::string free = name;
  std::error_code ignored;
  for (int i = 2; std::filesystem::exists(free, ignored); ++i)
    free = wanted.stem().string() + "-" + std::to_string(i) + wanted.extension().string();
  return free;
}

std::string write_result_file(const std::string& wanted, const std::string&,
                              const std::string& bytes) {
  const std::string name = unused_name(wanted);
  const Expected<OutputFile> file = OutputFile::check(name, "");
  if (!file) return "Not saved: " + file.error().sentence + ".";
  const Expected<std::string> written = file->write(bytes);
  if (!written) return "Not saved: " + written.error().sentence + ".";
  std::error_code ignored;
  return "Saved as " + name + " in " + std::filesystem::current_path(ignored).string() + ".";
}

/// The file of the figure shown, or the citation of the run; the same text as on the command line,
/// which has no "png".
std::string picture_or_citation(const AppState& s, std::string_view format) {
  if (format == "bibtex") return run_bibtex(s.shown_spec(), build_info());
  if (s.view.figure >= s.figures.size()) return {};
  const Figure& figure = s.figures[s.view.figure];
  const SvgOptions options{.dark = s.dark,
                           .slide = format == "slide",
                           .source = source_line(s.shown_spec(), build_info())};
  if (format == "png") return figure_png(figure, options, s.styled_ratio);
  return format == "svg" || format == "slide" ? figure_svg(figure, options) : std::string();
}

Platform desktop_platform(const std::unique_ptr<App>& app) {
  Platform platform;
  platform.copy_text = [](const std::string& text) { ImGui::SetClipboardText(text.c_str()); };
  platform.save_file = write_result_file;
  platform.make_file = [&app](const SaveFormat& format) {
    return picture_or_citation(app->state(), format.id);
  };
  platform.link_text = [](const std::string& query) { return "attnlab open '" + query + "'"; };
  return platform;
}

Expected<void> write_screenshot(const std::string& name, int width, int height) {
  const Expected<OutputFile> output = OutputFile::check(name);
  if (!output) return output.error();
  const Expected<std::string> written = output->write(frame_png(width, height));
  if (!written) return written.error();
  return {};
}

class Desktop {
 public:
  Desktop(Window& window, const DesktopSettings& settings)
      : window_(window),
        settings_(settings),
        pool_(default_threads()),
        app_(std::make_unique<App>(desktop_platform(app_), pool_, options())) {
    events_.window = &window;
    install_callbacks(window.handle(), events_);
    ImGui_ImplGlfw_InitForOpenGL(window.handle(), false);
    ImGui_ImplOpenGL3_Init("#version 330 core");
    setup_fonts_and_style(window.pixels().ratio, settings.dark.value_or(false));
  }
  ~Desktop() {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
  }
  Desktop(const Desktop&) = delete;
  Desktop& operator=(const Desktop&) = delete;

  int run(const std::string& query) {
    if (!query.empty()) app_->open_query(query);
    while (!glfwWindowShouldClose(window_.handle()) && !interrupted()) {
      const bool wants_frame = app_->poll(glfwGetTime());
      if (wants_frame) events_.frames_due = std::max(events_.frames_due, 1);
      if (events_.frames_due > 0) draw();
      if (picture_is_due()) return take_picture();
      if (events_.frames_due > 0) {
        glfwPollEvents();
      } else {
        glfwWaitEventsTimeout(std::min(std::max(app_->wait(), kDraftWait), longest_wait()));
      }
    }
    if (settings_.screenshot.empty()) remember(memory());
    return kExitDone;
  }

 private:
  DesktopMemory memory() const {
    const Window::Pixels pixels = window_.pixels();
    const auto logical = [&](int extent) {
      return static_cast<int>(std::lround(static_cast<float>(extent) / pixels.ratio));
    };
    DesktopMemory memory;
    memory.width = logical(pixels.width), memory.height = logical(pixels.height);
    memory.dark = app_->state().dark;
    memory.query = app_->query();
    return memory;
  }

  AppOptions options() const {
    AppOptions options;
    options.show_text = true;
    options.build = build_info();
    options.memory_limit_bytes = usable_memory_bytes() / std::max(1u, pool_.concurrency());
    return options;
  }

  bool running() const { return app_->busy(); }

  double longest_wait() const {
    const Run* run = app_->current_run();
    if (run && run->active()) return kRunningWait;
    return running() ? kDraftWait : kIdleWait;
  }

  void draw() {
    --events_.frames_due;
    const Window::Pixels pixels = window_.pixels();
    if (pixels.width <= 0 || pixels.height <= 0) return;  // minimised
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = ImVec2(static_cast<float>(pixels.width) / pixels.ratio,
                            static_cast<float>(pixels.height) / pixels.ratio);
    io.DisplayFramebufferScale = ImVec2(pixels.ratio, pixels.ratio);
    ImGui::NewFrame();
    FrameInput input;
    input.width = io.DisplaySize.x;
    input.height = io.DisplaySize.y;
    input.pixel_ratio = pixels.ratio;
    input.now = glfwGetTime();
    input.dark = settings_.dark.value_or(false);
    input.fields = &fields_;
    if (app_->frame(input)) events_.frames_due = std::max(events_.frames_due, 1);
    ImGui::Render();
    const ImVec4 ground = ImGui::ColorConvertU32ToFloat4(theme().ground);
    glViewport(0, 0, pixels.width, pixels.height);
    glClearColor(ground.x, ground.y, ground.z, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    if (!settings_.screenshot.empty()) glFinish();
    if (!picture_is_due()) glfwSwapBuffers(window_.handle());
  }

  bool picture_is_due() const {
    if (settings_.screenshot.empty()) return false;
    if (settings_.screenshot_after >= 0) return glfwGetTime() >= settings_.screenshot_after;
    return !running() && events_.frames_due <= 0;
  }

  /// The last frame drawn is still in the back buffer.
  int take_picture() {
    events_.frames_due = 1;
    draw();
    const Window::Pixels pixels = window_.pixels();
    const Expected<void> written =
        write_screenshot(settings_.screenshot, pixels.width, pixels.height);
    return written ? static_cast<int>(kExitDone) : refuse(written.error(), kExitEnvironment);
  }

  Window& window_;
  DesktopSettings settings_;
  Events events_{};
  ThreadPool pool_;
  std::unique_ptr<App> app_;
  GlFieldRenderer fields_{kGlslDesktop};
};

}  // namespace

int run_desktop(const std::string& query) {
  DesktopSettings settings = read_desktop_settings();
  const DesktopMemory last = recall();
  if (settings.width == 0) settings.width = last.width, settings.height = last.height;
  if (!settings.dark) settings.dark = last.dark;
  catch_interrupts();
  Window window(settings);
  if (!window.handle()) {
    return refuse({"cannot open a window (" + g_glfw_error +
                   "); the command line works without one: attnlab --help"},
                  kExitEnvironment);
  }
  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  int code = kExitDone;
  {
    Desktop desktop(window, settings);
    code = desktop.run(query.empty() ? last.query : query);
  }
  ImGui::DestroyContext();
  return code;
}

}  // namespace attnlab

#endif  // ATTNLAB_HAS_UI
