// SPDX-License-Identifier: Apache-2.0
// From the pinhole's linear picture to the sensor's: smear, smoke, mist, distortion, tone, noise.
uniform sampler2D scene;        // linear colour of the pinhole, drawn with a margin
uniform sampler2D scene_truth;  // depth, id
uniform sampler2D warp;         // px in the pinhole's picture of each pixel, margin included
uniform vec2 origin;            // first pixel of this eye in the target
uniform vec2 margin;            // px of the pinhole's picture beyond this one
uniform vec4 pinhole;           // fx, fy, cx, cy of this eye in px
uniform vec4 lens;              // k1, k2, p1, p2
uniform float lens_k3;
#ifdef MOVED
uniform sampler2D scene_flow;
#endif
#ifdef SMEAR
uniform float shutter;          // exposure over the time to the neighbour
#endif
#ifdef SMOKE
uniform sampler3D density;      // mean 0.5, periodic
uniform mat3 world_from_eye;
uniform vec3 drift;             // where the smoke has gone, in periods
uniform vec2 smoke;             // extinction in 1/m, periods per m
#endif
#ifdef FOG
uniform sampler2D mist;         // smooth noise, mean 0.5
uniform vec3 fog;               // share scattered, offset of the pattern
#endif

vec2 moved_px(ivec2 at) {
    vec2 f = vec2(0.0);
#ifdef MOVED
    f = texelFetch(scene_flow, at, 0).xy;
    if (abs(f.x) > 1e6) f = vec2(0.0);
#endif
    return f;
}

// Brown-Conrady, as distortion.py; px to px.
vec2 distorted_px(vec2 px) {
    vec2 p = (px - pinhole.zw) / pinhole.xy;
    float r2 = dot(p, p);
    float radial = 1.0 + r2 * (lens.x + r2 * (lens.y + r2 * lens_k3));
    vec2 tangential = 2.0 * p.x * p.y * lens.zw + lens.wz * (vec2(r2) + 2.0 * p * p);
    return (p * radial + tangential) * pinhole.xy + pinhole.zw;
}

// Depth between four samples: 1/z is linear over a plane's picture; at an edge the nearest sample.
float depth_at(vec2 source, vec2 nearest) {
    vec2 at = source - 0.5;
    ivec2 i = ivec2(floor(at));
    vec2 f = at - vec2(i);
    vec2 a = texelFetch(scene_truth, i, 0).xy, b = texelFetch(scene_truth, i + ivec2(1, 0), 0).xy;
    vec2 c = texelFetch(scene_truth, i + ivec2(0, 1), 0).xy;
    vec2 d = texelFetch(scene_truth, i + ivec2(1, 1), 0).xy;
    if (min(min(a.x, b.x), min(c.x, d.x)) <= 0.0 || a.y != b.y || a.y != c.y || a.y != d.y)
        return nearest.x;
    return 1.0 / mix(mix(1.0 / a.x, 1.0 / b.x, f.x), mix(1.0 / c.x, 1.0 / d.x, f.x), f.y);
}

// Smear along the fastest motion nearby; what does not reach this pixel does not count
// (after McGuire et al., "A reconstruction filter for plausible motion blur", I3D 2012).
vec3 smeared(vec2 source, vec2 texel) {
    vec3 sharp = texture(scene, source * texel).rgb;
#ifdef SMEAR
    vec2 own = moved_px(ivec2(source)) * shutter, v = own;
    for (int i = 0; i < 8; ++i) {
        vec2 offset = vec2(i & 1, (i >> 1) & 1) * 2.0 - 1.0;
        vec2 there = moved_px(ivec2(source + offset * (i < 4 ? 4.0 : 10.0))) * shutter;
        if (dot(there, there) > dot(v, v)) v = there;
    }
    float reach = length(v);
    if (reach < 0.5) return sharp;
    vec3 sum = sharp;
    float weight = 1.0;
    for (int i = 0; i < 10; ++i) {
        float along = (float(i) + 0.5) / 10.0 - 0.5;
        vec2 at = source + v * along;
        float d = abs(along) * reach;
        float mine = length(moved_px(ivec2(at))) * shutter * 0.5;
        float w = clamp(max(mine, 0.5 * length(own)) - d + 1.0, 0.0, 1.0);
        sum += w * texture(scene, at * texel).rgb;
        weight += w;
    }
    return sum / weight;
#else
    return sharp;
#endif
}

#ifdef SMOKE
// Single scattering along the ray up to depth z, in six steps through a drifting density field.
vec3 through_smoke(vec3 c, vec2 px, float z) {
    vec3 ray = world_from_eye * vec3((px - pinhole.zw) / pinhole.xy, 1.0);
    float end = z > 0.0 ? z : 0.2;
    float stretch = length(ray), t = 1.0, glow = 0.0;
    // Interleaved gradient noise (Jimenez, 2014) hides the steps.
    float jitter = 0.35 + 0.3 * fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
    for (int i = 0; i < 6; ++i) {
        float s = end * (float(i) + jitter) / 6.0;
        vec3 p = eye + ray * s;
        vec3 q = p * smoke.y - drift;
        q += 0.12 * sin(6.2831853 * q.yzx + drift.zxy);  // the puffs swirl as they go
        float puff = texture(density, q).x;
        float tau = smoke.x * 5.4 * puff * puff * puff  // mean of the cube: 0.185
                   * stretch * end / 6.0;
        vec3 l = lamp - p;
        float d2 = dot(l, l);
        float thin = exp(-tau);
        glow += t * (1.0 - thin) * lamp_light(l * inversesqrt(d2), d2);
        t *= thin;
    }
    return c * t + vec3(0.165, 0.170, 0.178) * glow;
}
#endif

void main() {
    vec2 texel = 1.0 / vec2(textureSize(scene, 0));
    vec2 pixel = gl_FragCoord.xy - origin;
#ifdef WARPED
    vec2 source = texelFetch(warp, ivec2(pixel), 0).xy + 0.5;
#else
    vec2 source = pixel + margin;
#endif
    vec2 nearest = texelFetch(scene_truth, ivec2(source), 0).xy;
    vec2 ideal = source - margin - 0.5;  // in px of the pinhole, integer centres
    vec3 c = smeared(source, texel);
#ifdef SMOKE
    c = through_smoke(c, ideal, nearest.x);
#endif
#ifdef FOG
    float f = fog.x * clamp(2.2 * texture(mist, pixel * texel * 0.8 + fog.yz).x - 0.2, 0.0, 1.0);
    vec3 wide = 0.5 * (textureLod(scene, source * texel, 4.0).rgb + textureLod(scene, source * texel, 6.0).rgb);
    c = mix(c, 0.72 * wide + vec3(0.03), f);
#endif
    colour = sensed(c);
    truth = nearest;
#ifdef WARPED
    truth.x = depth_at(source, nearest);
#endif
#if defined(FLOW)
    flow = texelFetch(scene_flow, ivec2(source), 0).xy;
#ifdef WARPED
    if (abs(flow.x) < 1e6) flow = distorted_px(ideal + flow) - (pixel - 0.5);
#endif
#endif
}
